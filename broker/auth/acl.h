// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "broker/auth/cidr.h"
#include "shared/net/address.h"

namespace sluice::auth {

enum class Action : std::uint8_t { Publish, Subscribe };

/// Who asks. The views need to live during the call only.
struct AclSubject {
  std::string_view client_id;
  std::optional<std::string_view> username;
  SocketAddress address;
};

/// The second element of a rule: `all`, `{ipaddr, …}`, `{user, …}`, `{client, …}`, `{'and', […]}`, `{'or', […]}`.
/// `{user, all}` and `{client, all}` are Everybody.
struct AclWho {
  enum class Kind : std::uint8_t { Everybody, Address, User, Client, And, Or };
  Kind kind = Kind::Everybody;
  std::string name;           ///< User, Client
  Cidr range;                 ///< Address
  std::vector<AclWho> parts;  ///< And, Or

  [[nodiscard]] bool matches(const AclSubject& subject) const;
};

/// One topic of a rule. In a Filter, `+` and `#` are wildcards and a level that is `%u` or `%c` stands for the
/// client's user name or id, taken literally; without a user name a filter with `%u` matches nothing.
struct AclTopic {
  enum class Kind : std::uint8_t { Filter, Literal };
  Kind kind = Kind::Filter;
  bool personal = false;  ///< holds %u or %c
  std::string text;

  /// Publish: the filter matches the topic name. Subscribe: the filter covers the subscribed filter, level by level.
  /// `#` under `+` is covered only in a rule that denies: a client allowed `a/+` does not get `a/#` (EMQ would grant
  /// it), and one denied `a/+` does not get it either.
  [[nodiscard]] bool matches(std::string_view topic, const AclSubject& subject, bool allow) const;
};

struct AclRule {
  bool allow = false;
  AclWho who;
  bool publish = true;
  bool subscribe = true;
  bool every_topic = false;  ///< `{allow, all}.`
  std::vector<AclTopic> topics;
  std::uint32_t line = 0;  ///< in its file

  [[nodiscard]] bool concerns(Action action) const { return action == Action::Publish ? publish : subscribe; }
  [[nodiscard]] bool matches_topic(std::string_view topic, const AclSubject& subject) const;
};

enum class AclVerdict : std::uint8_t { Allow, Deny, ByTopic };

class AclRules;

/// The rules that concern one client, per action; clients to whom the same rules apply share a view.
/// Thread safety: immutable.
class AclView {
 public:
  AclView(std::shared_ptr<const AclRules> rules, std::span<const std::uint32_t> chosen);
  /// The same answer for everything: superusers, and clients that were not compiled yet.
  AclView(bool allow, std::uint64_t generation);

  [[nodiscard]] AclVerdict constant(Action action) const { return decision(action).constant; }
  /// First match wins. Right for constant views too.
  [[nodiscard]] bool check(Action action, std::string_view topic, const AclSubject& subject) const;
  /// True if check() needs the client's id or user name.
  [[nodiscard]] bool personal() const { return personal_; }
  /// Topics to compare at worst, of the costlier action: tells whether remembering answers is worth it.
  [[nodiscard]] std::size_t cost() const { return cost_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  struct Decision {
    AclVerdict constant = AclVerdict::Allow;
    bool otherwise = true;              ///< allow when no rule matches
    std::vector<const AclRule*> rules;  ///< in order; empty if constant
  };

  [[nodiscard]] const Decision& decision(Action action) const { return decisions_[static_cast<std::size_t>(action)]; }
  void prepare(Action action, std::span<const std::uint32_t> chosen);

  friend void intrusive_ptr_add_ref(const AclView* view) noexcept {
    view->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const AclView* view) noexcept {
    if (view->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete view;
  }

  std::array<Decision, 2> decisions_;
  std::shared_ptr<const AclRules> rules_;  ///< keeps what `decisions_` points at
  std::uint64_t generation_ = 0;
  std::size_t cost_ = 0;
  bool personal_ = false;
  mutable std::atomic<std::uint32_t> references_{0};
};

using AclViewPtr = boost::intrusive_ptr<const AclView>;

/// All rules of etc/acl.conf, in order. Thread safety: immutable; held by shared_ptr, replaced as a whole.
class AclRules {
 public:
  /// `nomatch_allow`: `mqtt.acl_nomatch`. `generation`: from 1, another one for every set of rules.
  AclRules(std::vector<AclRule> rules, bool nomatch_allow, std::uint64_t generation);

  /// The rules whose `who` is this client, as ascending indices.
  [[nodiscard]] std::vector<std::uint32_t> select(const AclSubject& subject) const;
  [[nodiscard]] const AclRule& at(std::uint32_t index) const { return rules_[index]; }
  [[nodiscard]] const std::vector<AclRule>& all() const { return rules_; }
  [[nodiscard]] bool nomatch_allow() const { return nomatch_allow_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Index = std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>>;

  std::vector<AclRule> rules_;
  Index by_user_;                      ///< rules of exactly one user
  Index by_client_;                    ///< rules of exactly one client
  std::vector<std::uint32_t> others_;  ///< looked at for every client
  bool nomatch_allow_;
  std::uint64_t generation_;
};

}  // namespace sluice::auth

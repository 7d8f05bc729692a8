// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "broker/auth/acl.h"
#include "shared/base/clock.h"

namespace sluice::auth {

/// What one client may do: 16 bytes, and nothing behind them unless its rules name it with %u or %c or are so many
/// that decisions are remembered.
/// Owner: the session. Thread: its shard.
class ClientAccess {
 public:
  struct CacheSettings {
    std::uint32_t size = 0;  ///< 0: remember nothing
    Duration ttl{};
  };

  /// May nothing, and is always outdated.
  ClientAccess();
  ClientAccess(AclViewPtr view, const AclSubject& subject, const CacheSettings& cache);
  ClientAccess(ClientAccess&&) noexcept;
  ClientAccess& operator=(ClientAccess&&) noexcept;
  ~ClientAccess();

  /// `topic`: for Publish a valid topic name, for Subscribe a valid filter without `$share/<group>/`, `$queue/` or
  /// `$local/` before it. Both as the client wrote them, without mount point.
  /// A constant answer is one branch; anything else is decided rule by rule and counted.
  [[nodiscard]] bool allowed(Action action, std::string_view topic, TimePoint now) {
    const AclVerdict constant = view_->constant(action);
    if (constant == AclVerdict::Allow) [[likely]]
      return true;
    return constant == AclVerdict::Deny ? deny() : decide(action, topic, now);
  }

  /// ByTopic, or the same answer for every topic.
  [[nodiscard]] AclVerdict constant(Action action) const { return view_->constant(action); }
  [[nodiscard]] bool outdated(std::uint64_t generation) const {
    return view_->generation() != generation && view_->generation() != kNeverOutdated;
  }

  /// Forgets remembered decisions: all, or about one topic (manual 13.4.5).
  void clear_cache();
  void clear_cache(std::string_view topic);

  static constexpr std::uint64_t kNeverOutdated = 0;

 private:
  struct State;  ///< the client's names and its cache, for views that need them

  static bool allow();
  static bool deny();
  bool decide(Action action, std::string_view topic, TimePoint now);

  AclViewPtr view_;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::auth

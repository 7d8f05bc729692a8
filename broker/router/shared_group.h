// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "broker/router/compact_string.h"
#include "broker/router/subscriber_set.h"
#include "broker/router/subscription.h"

namespace sluice::router {

/// How a shared group chooses the member that gets a message [MQTT5 4.8.2].
enum class PickStrategy : std::uint8_t {
  RoundRobin,  ///< in turn
  Random,
  Sticky,  ///< the same member until it leaves or its client is gone
  Hash,    ///< by publisher: what one publisher sends goes to one member
};

/// The value of mqtt.shared_subscription_strategy: "round_robin", "random", "sticky", "hash".
[[nodiscard]] std::optional<PickStrategy> parse_pick_strategy(std::string_view name);

/// The members of `$share/<group>/<filter>` or `$queue/<filter>`.
/// Owner: FilterTable. Thread safety: changes under the router's exclusive lock, picking under its shared one.
class SharedGroup {
 public:
  explicit SharedGroup(std::string_view name) : name_(name) {}

  [[nodiscard]] std::string_view name() const { return name_.view(); }
  [[nodiscard]] const SubscriberTable& members() const { return members_; }

  /// True if the member is new. New members are attached.
  bool put(const Subscriber& member);
  bool erase(SessionRef session, bool local);
  void set_attached(SessionRef session, bool local, bool attached);

  /// Requires: there are members. Attached ones come first.
  [[nodiscard]] const Subscriber& pick(PickStrategy strategy, SessionRef publisher) const;
  /// Null: everybody is excluded.
  [[nodiscard]] const Subscriber* pick_other(PickStrategy strategy, SessionRef publisher,
                                             std::span<const SessionRef> excluded) const;

 private:
  [[nodiscard]] std::size_t choose(PickStrategy strategy, SessionRef publisher, std::size_t among) const;

  CompactString name_;
  SubscriberTable members_;  ///< the attached ones are in front
  std::size_t attached_ = 0;
  mutable std::atomic<std::uint32_t> turn_{0};  ///< the only thing that readers write; needs no order
};

}  // namespace sluice::router

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "broker/api/types.h"

namespace sluice::router {

/// One session's subscription to one filter or, as a member, to one shared group. 16 bytes, no heap: a broker holds
/// millions.
struct Subscriber {
  SessionRef session;
  SubscriptionOptions options;
  std::uint32_t id_and_local = 0;

  static constexpr std::uint32_t kLocalBit = 0x8000'0000;

  Subscriber() = default;
  /// Requires: subscription_id at most 268,435,455 [MQTT5 3.8.2.1.2]; 0: none.
  Subscriber(SessionRef session_ref, SubscriptionOptions opts, std::uint32_t subscription_id, bool local)
      : session(session_ref), options(opts), id_and_local(subscription_id | (local ? kLocalBit : 0)) {}

  [[nodiscard]] std::uint32_t subscription_id() const { return id_and_local & ~kLocalBit; }
  /// Made with `$local/`. A session may hold a filter both ways; they are two subscriptions.
  [[nodiscard]] bool local() const { return (id_and_local & kLocalBit) != 0; }
};
static_assert(sizeof(Subscriber) == 16);

/// A shared group as a queued message remembers it: weak, like SessionRef. Slot 0: not shared.
struct GroupRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] explicit operator bool() const { return slot != 0; }
  friend bool operator==(GroupRef, GroupRef) = default;
};

/// One subscription that matches a topic. A session with overlapping subscriptions is named once for each.
struct Match {
  SessionRef session;
  SubscriptionOptions options;
  std::uint32_t subscription_id = 0;  ///< 0: none
  GroupRef group;                     ///< set where the subscription is shared: Router::pick_other takes it
};

}  // namespace sluice::router

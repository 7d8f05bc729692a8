// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "broker/api/delivery_sink.h"
#include "broker/api/message.h"
#include "broker/api/types.h"
#include "broker/router/subscription.h"

namespace sluice::session {

/// Where a message stands among those of QoS 1 and 2 that its session ever got; runs upwards and gives the packet id.
using Place = std::uint64_t;
/// The one with packet id 1.
inline constexpr Place kFirstPlace = 65'535;

/// A message on its way to one session, with what its subscriptions say about it.
struct QueuedMessage {
  MessagePtr message;                                    ///< empty: only the store has it (cold)
  std::unique_ptr<std::vector<std::uint32_t>> more_ids;  ///< ids of further subscriptions that matched as well
  router::GroupRef group{};           ///< came through this shared subscription: may go to another member
  Place place = 0;                    ///< 0: none yet, or QoS 0
  std::uint64_t shared_record = 0;    ///< of the store, that several queues refer to; 0: the session has its own
  std::uint32_t subscription_id = 0;  ///< 0: none
  Qos qos = Qos::AtMostOnce;
  bool reserved = false;  ///< a place in the queue was promised (mqtt.session.overflow = refuse)
  bool retain : 1 = false;
  bool stored : 1 = false;         ///< the store has it under its place
  bool resent : 1 = false;         ///< may have been sent before the server started
  std::uint8_t handed_on : 2 = 0;  ///< on its way: by how many members of its group that had just ended

  [[nodiscard]] std::span<const std::uint32_t> ids() const {
    if (more_ids) return *more_ids;
    return subscription_id == 0 ? std::span<const std::uint32_t>{} : std::span(&subscription_id, 1);
  }
  [[nodiscard]] Delivery delivery(PacketId packet_id, bool dup) const {
    return {message, qos, packet_id, dup || resent, retain, ids()};
  }
};

static_assert(sizeof(QueuedMessage) <= 48, "a message that waits costs memory for each session that waits for it");

}  // namespace sluice::session

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

/// A message on its way to one session, with what its subscriptions say about it.
struct QueuedMessage {
  MessagePtr message;
  std::unique_ptr<std::vector<std::uint32_t>> more_ids;  ///< ids of further subscriptions that matched as well
  std::uint32_t subscription_id = 0;                     ///< 0: none
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  router::GroupRef group{};  ///< came through this shared subscription: may go to another member

  [[nodiscard]] QueuedMessage copy() const {
    QueuedMessage other{message, nullptr, subscription_id, qos, retain, group};
    if (more_ids) other.more_ids = std::make_unique<std::vector<std::uint32_t>>(*more_ids);
    return other;
  }
  [[nodiscard]] std::span<const std::uint32_t> ids() const {
    if (more_ids) return *more_ids;
    return subscription_id == 0 ? std::span<const std::uint32_t>{} : std::span(&subscription_id, 1);
  }
  [[nodiscard]] Delivery delivery(PacketId packet_id, bool dup) const {
    return {message, qos, packet_id, dup, retain, ids()};
  }
};

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "broker/api/broker_api.h"
#include "gateways/coap/command.h"
#include "shared/coap/message/peer_id.h"
#include "shared/coap/server/request.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// Where a peer is reached: on the shard to which the kernel hands its datagrams.
struct Route {
  std::uint32_t shard = 0;
  std::uint32_t endpoint = 0;  ///< of that shard's endpoints
  PeerId peer;

  friend bool operator==(const Route&, const Route&) = default;
};

/// Where the answer to a request goes.
struct ReturnAddress {
  std::uint32_t shard = 0;
  std::uint32_t endpoint = 0;
  ExchangeId exchange = 0;
};

/// A command on its way to its client, which may live on another shard.
struct Envelope {
  Command command;
  ReturnAddress sender;
  Route route;
  bool on_stream = false;  ///< it came over a connection
  bool verified = false;   ///< the peer receives what is sent to its address
  std::size_t credit = 0;  ///< bytes that may be sent to it unasked, if it is not verified
  std::uint8_t hops = 0;   ///< shards that have passed it on
  TransportPeer peer;
  std::shared_ptr<const ListenerTraits> listener;
};

/// A client of one shard, for messages from others: never used again while the server runs, but for a wrap.
using ClientSerial = std::uint32_t;

/// What the layer below gives back when it learns what became of a notification: which client of which shard it was
/// for, which observation, and whether it will be confirmed.
struct NotificationTag {
  static constexpr std::uint32_t kMostSerial = (1U << 27) - 1;
  static constexpr std::uint16_t kMostObservation = (1U << 12) - 1;

  std::uint8_t shard = 0;
  ClientSerial serial = 0;
  std::uint16_t observation = 0;  ///< 0: not about one (a probe)
  std::uint8_t epoch = 0;         ///< counts the client's routes: what an earlier one had to say is not heard
  std::uint8_t copy = 0;          ///< counts what is to be confirmed: nothing else is settled by its outcome
  bool confirmable = false;

  [[nodiscard]] Cookie pack() const {
    return (Cookie{shard} << 56) | (Cookie{serial} << 29) | (Cookie{observation} << 17) | (Cookie{epoch} << 9) |
           (Cookie{copy} << 1) | (confirmable ? 1U : 0U);
  }
  static NotificationTag unpack(Cookie cookie) {
    return {static_cast<std::uint8_t>(cookie >> 56),
            static_cast<ClientSerial>((cookie >> 29) & kMostSerial),
            static_cast<std::uint16_t>((cookie >> 17) & kMostObservation),
            static_cast<std::uint8_t>(cookie >> 9),
            static_cast<std::uint8_t>(cookie >> 1),
            (cookie & 1U) != 0};
  }
  friend bool operator==(const NotificationTag&, const NotificationTag&) = default;
};

}  // namespace sluice::coap

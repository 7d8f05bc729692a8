// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/api/delivery_sink.h"
#include "gateways/coap/command.h"
#include "gateways/coap/envelope.h"
#include "shared/coap/message/peer_id.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// A notification on its way from its client to its peer; or a probe, which says nothing.
struct OutboundNotification {
  NotificationTag tag;
  ObserverTag observer;
  Response notification;
  MessagePtr message;  ///< owns the body; null if there is none
  bool is_probe = false;
};

struct PeerHash {
  std::size_t operator()(PeerId peer) const {
    return std::hash<std::uint64_t>()((std::uint64_t{peer.generation} << 32U) | peer.slot);
  }
};

/// What clients have for peers to whom too much is on its way already [RFC 7252 4.7], each peer's in the order in which
/// it came: many clients may be behind one peer. At most one notification of each observation, the latest, so that
/// there is no more of it than there are observations [RFC 7641 4.5.1].
/// Owner: the EndpointHost. Thread: its shard.
class Backlog {
 public:
  [[nodiscard]] bool has(PeerId peer) const { return peers_.contains(peer); }
  /// Takes the place of an earlier one of the same observation.
  void push(PeerId peer, OutboundNotification outgoing);
  /// The peer's first one, taken out; nothing: it has none.
  std::optional<OutboundNotification> take(PeerId peer);
  /// Undoes take().
  void put_back(PeerId peer, OutboundNotification outgoing);
  /// Forgets what waits of the observation of `tag`, for which nobody waits any more; but that it is over is told.
  void forget(PeerId peer, const NotificationTag& tag);
  /// Forgets all of the peer's, and says what they were.
  std::vector<NotificationTag> drop(PeerId peer);

 private:
  using List = std::list<OutboundNotification>;
  struct Queue {
    List in_order;
    boost::unordered_flat_map<Cookie, List::iterator> by_observation;
  };

  using Queues = std::unordered_map<PeerId, Queue, PeerHash>;

  void insert(PeerId peer, OutboundNotification outgoing, bool in_front);
  void erase(Queues::iterator queue, List::iterator outgoing);

  Queues peers_;
};

}  // namespace sluice::coap

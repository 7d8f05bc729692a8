// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/clock.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"

namespace sluice::coap {

/// Sees to it that no message id is used twice for one peer while it could take the second message for the first
/// [RFC 7252 4.4]. Ids are given one after the other; what is remembered is when the peer got the last one of a
/// segment of them, so that a peer that gets few messages costs nothing.
/// Owner: the message layer. Thread: its shard.
class MessageIds {
 public:
  /// So many ids have one time of their last use.
  static constexpr std::uint32_t kSegment = 4096;

  /// `lifetime`: EXCHANGE_LIFETIME, the longest that an id must not come again.
  explicit MessageIds(Duration lifetime) : lifetime_(lifetime) {}

  /// False: it was used too lately, and so were those that follow.
  [[nodiscard]] bool free(PeerId peer, MessageId next, TimePoint now) const {
    return next % kSegment != 0 || segment_is_free(peer, next, now);
  }
  /// To be called for each id that is given, in their order.
  void used(PeerId peer, MessageId id, TimePoint now) {
    if (id % kSegment == kSegment - 1) note_segment(peer, id, now);
  }
  void forget(PeerId peer) { histories_.erase(peer.slot); }

  /// Peers of which anything is remembered.
  [[nodiscard]] std::size_t size() const { return histories_.size(); }

 private:
  /// The segments that were used up within the lifetime, the earliest first.
  using History = boost::container::small_vector<std::pair<std::uint16_t, TimePoint>, 1>;

  [[nodiscard]] bool segment_is_free(PeerId peer, MessageId next, TimePoint now) const;
  void note_segment(PeerId peer, MessageId id, TimePoint now);

  const Duration lifetime_;
  boost::unordered_flat_map<std::uint32_t, History> histories_;  ///< by the peer's slot
};

}  // namespace sluice::coap

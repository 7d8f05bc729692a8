// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/clock.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"

namespace sluice::coap {

/// Sees to it that no message id is used twice for one peer while that could take the second message for the first
/// [RFC 7252 4.4]: ids are given one after the other, at first as many as kBurst at once, and from then on as many in a
/// second as make a round take as long as an id must not come again. Who gets less costs nothing, or little for a time.
///
/// Owner: the message layer. Thread: its shard.
class MessageIds {
 public:
  /// So many are accounted for at a time.
  static constexpr std::uint32_t kStep = 64;
  static constexpr std::uint32_t kBurst = 16'384;

  /// `lifetime`: EXCHANGE_LIFETIME, the longest that an id must not come again.
  explicit MessageIds(Duration lifetime) : step_(lifetime * kStep / (kAll - kBurst - kStep)) {}

  /// False: the peer has to wait for `next`.
  [[nodiscard]] bool free(PeerId peer, MessageId next, TimePoint now) const {
    return next % kStep != 0 || has_credit(peer, now);
  }
  /// To be called for each id that is given, in their order.
  void used(PeerId peer, MessageId id, TimePoint now) {
    if (id % kStep == 0) charge(peer, now);
  }
  void forget(PeerId peer) { square_at_.erase(peer.slot); }

  /// Peers of which anything is remembered.
  [[nodiscard]] std::size_t size() const { return square_at_.size(); }

 private:
  static constexpr std::uint32_t kAll = 0x10000;
  static constexpr std::size_t kFew = 1024;

  [[nodiscard]] bool has_credit(PeerId peer, TimePoint now) const;
  void charge(PeerId peer, TimePoint now);

  const Duration step_;  ///< in which a peer regains the credit for kStep ids
  /// When a peer has all of its credit again, by its slot.
  boost::unordered_flat_map<std::uint32_t, TimePoint> square_at_;
  std::size_t prune_at_ = kFew;
};

}  // namespace sluice::coap

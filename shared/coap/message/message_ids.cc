// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/message_ids.h"

#include <algorithm>

namespace sluice::coap {

bool MessageIds::has_credit(PeerId peer, TimePoint now) const {
  const auto found = square_at_.find(peer.slot);
  return found == square_at_.end() || found->second - now <= step_ * (kBurst / kStep - 1);
}

void MessageIds::charge(PeerId peer, TimePoint now) {
  if (square_at_.size() >= prune_at_) {
    boost::unordered::erase_if(square_at_, [now](const auto& entry) { return entry.second <= now; });
    prune_at_ = std::max(kFew, 2 * square_at_.size());
  }
  TimePoint& square_at = square_at_[peer.slot];
  square_at = std::max(square_at, now) + step_;
}

}  // namespace sluice::coap

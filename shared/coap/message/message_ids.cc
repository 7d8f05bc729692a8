// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/message_ids.h"

#include <algorithm>

namespace sluice::coap {

bool MessageIds::segment_is_free(PeerId peer, MessageId next, TimePoint now) const {
  const auto found = histories_.find(peer.slot);
  if (found == histories_.end()) return true;
  const auto& history = found->second;
  const auto last_use =
      std::ranges::find(history, next / kSegment, [](const auto& entry) -> std::uint32_t { return entry.first; });
  return last_use == history.end() || now - last_use->second >= lifetime_;
}

void MessageIds::note_segment(PeerId peer, MessageId id, TimePoint now) {
  History& history = histories_[peer.slot];
  const auto first_left =
      std::ranges::find_if(history, [&](const auto& entry) { return now - entry.second < lifetime_; });
  history.erase(history.begin(), first_left);
  history.emplace_back(static_cast<std::uint16_t>(id / kSegment), now);
}

}  // namespace sluice::coap

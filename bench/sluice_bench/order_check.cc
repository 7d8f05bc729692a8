// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/order_check.h"

namespace sluice::bench {

void OrderTally::add(const OrderTally& other) {
  out_of_order += other.out_of_order;
  duplicates += other.duplicates;
  missing += other.missing;
  unknown += other.unknown;
}

OrderCheck::OrderCheck(std::uint32_t first, std::uint32_t count, Sequence rule)
    : first_(first), rule_(rule), tracks_(count) {}

std::uint64_t OrderCheck::accept(std::uint32_t publisher, std::uint64_t sequence) {
  if (publisher - first_ >= tracks_.size()) {
    reject();
    return 0;
  }
  Track& track = tracks_[publisher - first_];
  if (sequence == track.next) {
    ++track.next;
    track.recent = track.recent << 1 | 1;
    return 0;
  }
  if (sequence < track.next) {
    accept_late(track, sequence);
    return 0;
  }
  const std::uint64_t skipped = sequence - track.next;
  track.next = sequence + 1;
  track.recent = skipped + 1 >= kWindow ? 1 : track.recent << (skipped + 1) | 1;
  if (rule_ == Sequence::Increasing) return 0;
  tally_.missing += skipped;
  return skipped;
}

void OrderCheck::accept_late(Track& track, std::uint64_t sequence) {
  const std::uint64_t age = track.next - 1 - sequence;
  const bool seen = age < kWindow && (track.recent >> age & 1) != 0;
  if (seen) {
    ++tally_.duplicates;
    return;
  }
  ++tally_.out_of_order;
  if (age < kWindow) track.recent |= std::uint64_t{1} << age;
  if (rule_ == Sequence::Contiguous && tally_.missing > 0) --tally_.missing;
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include "broker/router/id_table.h"

namespace sluice::router {
namespace {
constexpr std::uint32_t kSmallest = 4;
}

std::uint32_t IdTable::Segment::position(std::uint32_t hash, std::uint32_t id) const {
  std::uint32_t at = home(hash);
  while (slots[at].id != id) at = after(at);
  return at;
}

void IdTable::Segment::place(Slot slot) {
  std::uint32_t at = home(slot.hash);
  while (slots[at].id != 0) at = after(at);
  slots[at] = slot;
}

void IdTable::Segment::resize(std::uint32_t new_capacity) {
  const std::unique_ptr<Slot[]> old = std::move(slots);
  const std::uint32_t old_capacity = capacity;
  slots = std::make_unique<Slot[]>(new_capacity);
  capacity = new_capacity;
  for (std::uint32_t at = 0; at < old_capacity; ++at) {
    if (old[at].id != 0) place(old[at]);
  }
}

void IdTable::insert(std::uint64_t hash, std::uint32_t id) {
  Segment& segment = segment_of(hash);
  // One slot always stays free: it ends a search that finds nothing.
  if (std::uint64_t{segment.size + 1} * 4 > std::uint64_t{segment.capacity} * 3) {
    segment.resize(segment.capacity < kSmallest ? kSmallest : segment.capacity + segment.capacity / 2);
  }
  segment.place({low(hash), id});
  ++segment.size;
  ++size_;
}

void IdTable::erase(std::uint64_t hash, std::uint32_t id) {
  Segment& segment = segment_of(hash);
  std::uint32_t hole = segment.position(low(hash), id);
  // Close the gap: whoever could stand in the hole without standing before its home moves there.
  for (std::uint32_t at = segment.after(hole); segment.slots[at].id != 0; at = segment.after(at)) {
    const std::uint32_t home = segment.home(segment.slots[at].hash);
    const bool stays = hole < at ? (home > hole && home <= at) : (home > hole || home <= at);
    if (stays) continue;
    segment.slots[hole] = segment.slots[at];
    hole = at;
  }
  segment.slots[hole] = {};
  --segment.size;
  --size_;
  if (segment.size == 0) {
    segment.slots.reset();
    segment.capacity = 0;
  } else if (segment.capacity > 4 * kSmallest && segment.size < segment.capacity / 4) {
    segment.resize(segment.capacity / 2);
  }
}

void IdTable::rename(std::uint64_t hash, std::uint32_t from, std::uint32_t to) {
  Segment& segment = segment_of(hash);
  segment.slots[segment.position(low(hash), from)].id = to;
}

}  // namespace sluice::router

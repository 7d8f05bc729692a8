// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_table.h"

#include <algorithm>

namespace sluice::session {

SessionRef SessionTable::acquire(ClientSession& session, std::size_t shard) {
  MutexLock lock(mutex_);
  std::uint32_t index = 0;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else {
    index = highest_.load(std::memory_order_relaxed);
    if (index / kChunk >= kChunks) return {};
    if (chunks_[index / kChunk].load(std::memory_order_relaxed) == nullptr) {
      owned_.push_back(std::make_unique<Chunk>());
      chunks_[index / kChunk].store(owned_.back().get(), std::memory_order_release);
    }
    highest_.store(index + 1, std::memory_order_release);
  }
  Slot& taken = *slot(index);
  taken.session.store(&session, std::memory_order_relaxed);
  taken.shard.store(static_cast<std::uint32_t>(shard), std::memory_order_relaxed);
  const std::uint32_t generation = taken.generation.load(std::memory_order_relaxed) + 1;
  taken.room.store(Room{room_tag_of({index, generation}), 0, 0}.word(), std::memory_order_relaxed);
  taken.refusing.store(0, std::memory_order_relaxed);
  taken.generation.store(generation, std::memory_order_release);
  return {index, generation};
}

void SessionTable::release(SessionRef ref) {
  MutexLock lock(mutex_);
  Slot& freed = *slot(ref.slot);
  freed.generation.store(ref.generation + 1, std::memory_order_release);
  freed.shard.store(kNowhere, std::memory_order_relaxed);
  freed.session.store(nullptr, std::memory_order_relaxed);
  freed.durable_id.store(0, std::memory_order_relaxed);
  freed.next_place.store(0, std::memory_order_relaxed);
  free_.push_back(ref.slot);
}

void SessionTable::make_durable(SessionRef ref, std::uint64_t id, Place next) {
  Slot& own = *slot(ref.slot);
  own.next_place.store(tag_of(ref) | next, std::memory_order_relaxed);
  own.durable_id.store(id, std::memory_order_release);
}

std::uint64_t SessionTable::durable_id(SessionRef ref) const {
  const Slot* const found = slot(ref.slot);
  if (found == nullptr) return 0;
  const std::uint64_t id = found->durable_id.load(std::memory_order_acquire);
  return found->generation.load(std::memory_order_acquire) == ref.generation ? id : 0;
}

Place SessionTable::take_place(SessionRef ref) {
  std::atomic<std::uint64_t>& next = slot(ref.slot)->next_place;
  std::uint64_t now = next.load(std::memory_order_relaxed);
  do {
    // Another session's place, taken by mistake, would be waited for in vain.
    if ((now & ~kPlaceMask) != tag_of(ref)) return 0;
  } while (!next.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  return now & kPlaceMask;
}

template <class F>
bool SessionTable::change_room(SessionRef ref, F&& change) const {
  if (shard_of(ref) == kNowhere) return false;
  std::atomic<std::uint64_t>& word = slot(ref.slot)->room;
  std::uint64_t before = word.load(std::memory_order_acquire);
  for (;;) {
    Room room = Room::of(before);
    // The slot may have become another session's meanwhile.
    if (room.tag != room_tag_of(ref) || !change(room)) return false;
    if (room.word() == before || word.compare_exchange_weak(before, room.word(), std::memory_order_acq_rel))
      return true;
  }
}

bool SessionTable::reserve(SessionRef ref, std::size_t limit) {
  bool full = false;
  const bool promised = change_room(ref, [&](Room& room) {
    full = room.promised + room.waiting >= limit || room.promised == Room::kMost;
    if (!full) ++room.promised;
    return !full;
  });
  return promised || !full;  // to a session that is gone nothing will be delivered
}

void SessionTable::unreserve(SessionRef ref) {
  change_room(ref, [](Room& room) {
    if (room.promised == 0) return false;
    --room.promised;
    return true;
  });
}

void SessionTable::note_queue(SessionRef ref, std::size_t waiting, bool arrived) {
  change_room(ref, [&](Room& room) {
    if (arrived && room.promised > 0) --room.promised;
    room.waiting = std::min<std::uint64_t>(waiting, Room::kMost);
    return true;
  });
}

std::size_t SessionTable::promised(SessionRef ref) const {
  std::size_t found = 0;
  change_room(ref, [&](const Room& room) {
    found = room.promised;
    return false;
  });
  return found;
}

bool SessionTable::begin_refusing(SessionRef ref) {
  return shard_of(ref) != kNowhere && slot(ref.slot)->refusing.exchange(ref.generation) != ref.generation;
}

void SessionTable::end_refusing(SessionRef ref) { slot(ref.slot)->refusing.store(0); }

ClientSession* SessionTable::local(std::uint32_t index, std::size_t shard) const {
  const Slot* const found = slot(index);
  if (found == nullptr || found->shard.load(std::memory_order_relaxed) != shard) return nullptr;
  return found->session.load(std::memory_order_relaxed);
}

}  // namespace sluice::session

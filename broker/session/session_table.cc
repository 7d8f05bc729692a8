// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_table.h"

namespace sluice::session {

SessionTable::Slot* SessionTable::slot(std::uint32_t index) const {
  if (index / kChunk >= kChunks) return nullptr;
  Chunk* const chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &(*chunk)[index % kChunk];
}

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
  taken.generation.store(generation, std::memory_order_release);
  return {index, generation};
}

void SessionTable::release(SessionRef ref) {
  MutexLock lock(mutex_);
  Slot& freed = *slot(ref.slot);
  freed.generation.store(ref.generation + 1, std::memory_order_release);
  freed.shard.store(kNowhere, std::memory_order_relaxed);
  freed.session.store(nullptr, std::memory_order_relaxed);
  free_.push_back(ref.slot);
}

std::uint32_t SessionTable::shard_of(SessionRef ref) const {
  const Slot* const found = slot(ref.slot);
  if (found == nullptr || found->generation.load(std::memory_order_acquire) != ref.generation) return kNowhere;
  return found->shard.load(std::memory_order_relaxed);
}

ClientSession* SessionTable::find(SessionRef ref, std::size_t shard) const {
  return shard_of(ref) == shard ? slot(ref.slot)->session.load(std::memory_order_relaxed) : nullptr;
}

ClientSession* SessionTable::local(std::uint32_t index, std::size_t shard) const {
  const Slot* const found = slot(index);
  if (found == nullptr || found->shard.load(std::memory_order_relaxed) != shard) return nullptr;
  return found->session.load(std::memory_order_relaxed);
}

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

namespace sluice {

/// A reader-writer lock for data that every shard reads all the time and seldom writes.
/// Purpose: a reader takes only the mutex of its own shard, which no other reader touches, so readers on different
/// shards share no cache line; a writer takes them all, in order.
/// Thread safety: `lock_shared(shard)` only from that shard's turn or, for other threads, with `guest()`.
class ShardedLock {
 public:
  explicit ShardedLock(std::size_t shards) : count_(shards + 1), slots_(new Slot[shards + 1]) {}

  /// The slot for threads that are no shard (tests, the control plane).
  [[nodiscard]] std::size_t guest() const { return count_ - 1; }

  class Shared {
   public:
    Shared(ShardedLock& lock, std::size_t shard) : guard_(lock.slots_[shard].mutex) {}

   private:
    std::lock_guard<std::mutex> guard_;
  };

  class Exclusive {
   public:
    explicit Exclusive(ShardedLock& lock) : lock_(lock) {
      for (std::size_t i = 0; i < lock_.count_; ++i) lock_.slots_[i].mutex.lock();
    }
    ~Exclusive() {
      for (std::size_t i = lock_.count_; i > 0; --i) lock_.slots_[i - 1].mutex.unlock();
    }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    ShardedLock& lock_;
  };

 private:
  struct alignas(64) Slot {
    std::mutex mutex;
  };
  std::size_t count_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "broker/api/types.h"
#include "shared/base/thread_annotations.h"

namespace sluice::session {

class ClientSession;

/// Turns a SessionRef into the session and the shard it lives on.
/// Purpose: the router and messages under way hold refs, not pointers; a ref to a session that is gone finds nothing.
/// Thread safety: `shard_of` from any thread; `find` on the session's shard; `acquire` and `release` take a lock.
class SessionTable {
 public:
  static constexpr std::size_t kChunk = 4096;
  static constexpr std::size_t kChunks = 4096;  ///< 16.7 million sessions
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;

  /// An empty ref when every slot is taken.
  SessionRef acquire(ClientSession& session, std::size_t shard);
  void release(SessionRef ref);

  /// kNowhere if the session is gone.
  [[nodiscard]] std::uint32_t shard_of(SessionRef ref) const;
  /// Null if the session is gone or lives on another shard than `shard`.
  [[nodiscard]] ClientSession* find(SessionRef ref, std::size_t shard) const;

  /// Visits the sessions of `shard` in slots [from, from + count): f(ClientSession&). Returns the slot to go on with,
  /// 0 at the end. On that shard only.
  template <class F>
  std::uint32_t visit(std::size_t shard, std::uint32_t from, std::uint32_t count, F&& f) const {
    const std::uint32_t end = highest_.load(std::memory_order_acquire);
    for (; from < end && count > 0; ++from, --count) {
      if (ClientSession* const session = local(from, shard)) f(*session);
    }
    return from < end ? from : 0;
  }

 private:
  struct Slot {
    std::atomic<std::uint32_t> generation{0};  ///< odd while taken
    std::atomic<std::uint32_t> shard{kNowhere};
    std::atomic<ClientSession*> session{nullptr};
  };
  using Chunk = std::array<Slot, kChunk>;

  [[nodiscard]] Slot* slot(std::uint32_t index) const;
  [[nodiscard]] ClientSession* local(std::uint32_t index, std::size_t shard) const;

  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::atomic<std::uint32_t> highest_{1};  ///< slot 0 is nobody
  Mutex mutex_;
  std::vector<std::uint32_t> free_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Chunk>> owned_ GUARDED_BY(mutex_);
};

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "broker/api/types.h"
#include "broker/session/queued_message.h"
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

  /// The session is kept on disk under this id, and its places from `next` on are free. On its shard.
  void make_durable(SessionRef ref, std::uint64_t id, Place next);
  /// The id on disk; 0: the session is gone, or is not kept.
  [[nodiscard]] std::uint64_t durable_id(SessionRef ref) const;
  /// The next free place of a durable session; 0: the session is gone. Who takes one must deliver with it: the session
  /// waits for every place in turn.
  Place take_place(SessionRef ref);

  /// Takes one of `limit` places of the queue in advance (mqtt.session.overflow = refuse). False: all are taken.
  bool reserve(SessionRef ref, std::size_t limit);
  /// `count` of them are free again; negative: they are taken without being asked for.
  void unreserve(SessionRef ref, std::int32_t count = 1);

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
    std::atomic<std::uint64_t> durable_id{0};
    std::atomic<std::uint64_t> next_place{0};  ///< above kPlaceBits: lower bits of the generation
    std::atomic<std::int32_t> reserved{0};
  };
  using Chunk = std::array<Slot, kChunk>;

  static constexpr unsigned kPlaceBits = 48;
  static constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
  static std::uint64_t tag_of(SessionRef ref) { return std::uint64_t{ref.generation} << kPlaceBits; }

  [[nodiscard]] Slot* slot(std::uint32_t index) const;
  [[nodiscard]] ClientSession* local(std::uint32_t index, std::size_t shard) const;

  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::atomic<std::uint32_t> highest_{1};  ///< slot 0 is nobody
  Mutex mutex_;
  std::vector<std::uint32_t> free_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Chunk>> owned_ GUARDED_BY(mutex_);
};

}  // namespace sluice::session

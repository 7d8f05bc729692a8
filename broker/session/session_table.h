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

/// A SessionRef as one number.
using SessionKey = std::uint64_t;
[[nodiscard]] constexpr SessionKey key_of(SessionRef ref) { return SessionKey{ref.generation} << 32 | ref.slot; }

/// Turns a SessionRef into the session and the shard it lives on.
/// Purpose: the router and messages under way hold refs, not pointers; a ref to a session that is gone finds nothing.
/// Thread safety: `shard_of` from any thread; `find` on the session's shard; `acquire` and `release` take a lock.
class SessionTable {
 public:
  static constexpr std::size_t kChunk = 4096;
  static constexpr std::size_t kChunks = 4096;  ///< 16.7 million sessions
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;
  static constexpr unsigned kPlaceBits = 48;  ///< places are smaller

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

  // mqtt.session.overflow = refuse: room in a queue is promised before a message is sent to its session. What is
  // promised counts until the session says that it has come; from there on the queue's length speaks for it, so that
  // nothing has to be given back when it is sent, dropped or expires. All of it ends with the session.
  static constexpr std::size_t kNoLimit = std::size_t{0} - 1;
  /// Promises a place in a queue of `limit` messages. False: what waits and what was promised take all. Any thread.
  bool reserve(SessionRef ref, std::size_t limit);
  /// What was promised will not come. Any thread.
  void unreserve(SessionRef ref);
  /// `waiting` messages of QoS 1 and 2 are in the queue; `arrived`: one that was promised a place is no longer on its
  /// way. On the session's shard.
  void note_queue(SessionRef ref, std::size_t waiting, bool arrived);
  /// What is promised and has not come.
  [[nodiscard]] std::size_t promised(SessionRef ref) const;
  /// Its session refuses messages: true for the first one that says so since end_refusing(). Any thread.
  bool begin_refusing(SessionRef ref);
  void end_refusing(SessionRef ref);

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
    std::atomic<std::uint64_t> room{0};        ///< a Room
    std::atomic<std::uint32_t> refusing{0};    ///< the generation of which somebody was refused; 0: none
  };
  using Chunk = std::array<Slot, kChunk>;

  static constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
  static std::uint64_t tag_of(SessionRef ref) { return std::uint64_t{ref.generation} << kPlaceBits; }

  /// What is known of a queue, in one word, so that it is changed as one.
  struct Room {
    static constexpr unsigned kBits = 27;  ///< mqtt.mqueue.max_length goes up to 100,000,000
    static constexpr std::uint64_t kMost = (std::uint64_t{1} << kBits) - 1;

    std::uint64_t tag;  ///< lower bits of the generation
    std::uint64_t promised;
    std::uint64_t waiting;

    static Room of(std::uint64_t word) { return {word >> (2 * kBits), (word >> kBits) & kMost, word & kMost}; }
    [[nodiscard]] std::uint64_t word() const { return tag << (2 * kBits) | promised << kBits | waiting; }
  };
  /// Every second generation is a session's.
  static std::uint64_t room_tag_of(SessionRef ref) {
    return (ref.generation >> 1) & ((std::uint64_t{1} << (64 - 2 * Room::kBits)) - 1);
  }
  /// change(Room&) returns whether there is anything to change. False: there is not, or the session is gone.
  template <class F>
  bool change_room(SessionRef ref, F&& change) const;

  [[nodiscard]] Slot* slot(std::uint32_t index) const;
  [[nodiscard]] ClientSession* local(std::uint32_t index, std::size_t shard) const;

  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::atomic<std::uint32_t> highest_{1};  ///< slot 0 is nobody
  Mutex mutex_;
  std::vector<std::uint32_t> free_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Chunk>> owned_ GUARDED_BY(mutex_);
};

inline SessionTable::Slot* SessionTable::slot(std::uint32_t index) const {
  if (index / kChunk >= kChunks) return nullptr;
  Chunk* const chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &(*chunk)[index % kChunk];
}

inline std::uint32_t SessionTable::shard_of(SessionRef ref) const {
  const Slot* const found = slot(ref.slot);
  if (found == nullptr || found->generation.load(std::memory_order_acquire) != ref.generation) return kNowhere;
  return found->shard.load(std::memory_order_relaxed);
}

inline ClientSession* SessionTable::find(SessionRef ref, std::size_t shard) const {
  return shard_of(ref) == shard ? slot(ref.slot)->session.load(std::memory_order_relaxed) : nullptr;
}

}  // namespace sluice::session

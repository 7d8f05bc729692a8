// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/session/restore_failure.h"
#include "broker/session/session_context.h"
#include "broker/session/session_reading.h"
#include "broker/storage/storage.h"
#include "shared/base/thread_annotations.h"

namespace sluice::session {

/// Brings back the queues of sessions that are back: all of them in the background, in the store's order, and before
/// them those that a client waits for. Messages stay on disk (OutboundFlow reads them when their turn comes). What no
/// session is left for is erased at the end.
///
/// Owner: SessionRestorer. Thread safety: as noted; the reading is done on the store's reader.
class QueueRestorer {
 public:
  /// Before the shards run.
  QueueRestorer(SessionCore& core, RestoreFailure& failure);

  /// A session is back and its queue is not; places from `end` on are this server's. Any thread.
  void expect(storage::SessionId id, SessionRef session, Place end);
  /// All sessions are back. `on_step` is called on the reader's thread now and then, and once when this is over.
  void start(std::function<void()> on_step);
  /// Reads this queue before all others. Any thread.
  void hurry(storage::SessionId id);

  [[nodiscard]] bool over() const { return over_.load(std::memory_order_acquire); }
  /// That are back in queues.
  [[nodiscard]] std::size_t messages() const { return messages_.load(std::memory_order_relaxed); }

 private:
  struct Owner {
    SessionRef session;  ///< none: its queue is back, or on its way
    Place end = 0;
  };
  struct Scan;
  using Entries = std::vector<ReadEntry>;

  void read_some(const storage::KvStore& store, std::shared_ptr<Scan> scan);
  void read_one(const storage::KvStore& store, storage::SessionId id);
  [[nodiscard]] std::optional<ReadEntry> read_entry(const storage::KvStore& store, storage::SessionId id, Place place,
                                                    std::string_view value) const;
  void finish(Scan& scan);
  void note_orphan(const storage::KvStore& store, Scan& scan, std::string_view key, std::string_view value);
  void hand_over(storage::SessionId id, Entries entries);
  void restore_on(SessionContext& context, SessionRef owner, Entries entries);
  /// Its queue is neither back nor on its way.
  [[nodiscard]] bool awaited(storage::SessionId id);
  std::optional<SessionRef> take_owner(storage::SessionId id);
  [[nodiscard]] Place end_of(storage::SessionId id);
  void hand_over_the_empty();
  void end(const storage::KvStore& store);
  /// Those that no queue refers to.
  storage::WriteBatch unused_messages(const storage::KvStore& store);
  void erase_unused(storage::WriteBatch unused);

  SessionCore& core_;
  RestoreFailure& failure_;
  const bool keep_topics_;  ///< in memory, for the priorities of what waits
  std::function<void()> on_step_;
  std::atomic<bool> over_{false};
  std::atomic<std::size_t> messages_{0};

  Mutex mutex_;
  std::unordered_map<storage::SessionId, Owner> owners_ GUARDED_BY(mutex_);
};

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "broker/session/queue_restorer.h"
#include "broker/session/restore_failure.h"
#include "broker/session/session_context.h"
#include "broker/session/session_reading.h"
#include "broker/storage/storage.h"
#include "shared/base/shard.h"
#include "shared/base/thread_annotations.h"

namespace sluice::session {

/// How far the restoring is. Thread safety: a value.
struct RestoreProgress {
  enum class Phase : std::uint8_t { Sessions, Queues, Retained, Over };
  Phase phase = Phase::Over;
  std::size_t sessions = 0;  ///< that are back
  std::size_t of = 0;        ///< that the store has
  std::size_t messages = 0;  ///< that are back in queues
  std::size_t retained = 0;  ///< retained messages that are back
};

/// Brings back what an earlier server left in the store, while this one serves already.
///
/// 1. Sessions with their subscriptions and wills, and retained messages. Until they are there, what clients publish is
///    parked (ParkedMessages), and nothing that was changed leaves the shards' journals: no acknowledgement can be
///    given for a message that would have missed a session.
/// 2. Queues, session by session, in the background (QueueRestorer).
/// A client that comes back does not wait for others: its session, and its queue, are read at once.
///
/// Owner: the app. Thread safety: as noted; the reading is done on the store's reader and a thread for retained
/// messages.
class SessionRestorer {
 public:
  /// `on_failure` is told, on some thread, when the store cannot be read: the server may not go on without what it has.
  SessionRestorer(SessionCore& core, std::function<void(const std::string&)> on_failure);
  ~SessionRestorer();
  SessionRestorer(const SessionRestorer&) = delete;
  SessionRestorer& operator=(const SessionRestorer&) = delete;

  /// Before the shards run.
  void prepare();
  /// The shards run, the storage has started.
  void start();
  /// Waits for what is under way. The storage's reader has stopped.
  void stop();

  /// Phase 1 is over for sessions: nobody needs to wait.
  [[nodiscard]] bool sessions_are_there() const { return sessions_done_.load(std::memory_order_acquire); }
  /// True if `ready` need not be waited for; else it is called on `shard` when the client's session, if the store has
  /// one, is restored. Any thread.
  bool ready(std::string_view client_id, Shard& shard, std::function<void()> ready);
  /// Reads the session's queue before all others. On the session's shard.
  void hurry(const ClientSession& session);

  [[nodiscard]] RestoreProgress progress() const;
  /// Nothing is left to be done.
  [[nodiscard]] bool over() const;

 private:
  enum class Progress : std::uint8_t { Unread, Reading };
  struct Waiter {
    Shard* shard;
    std::function<void()> ready;
  };
  struct Expected {
    storage::SessionId id = 0;
    Progress progress = Progress::Unread;
    std::vector<Waiter> waiters;
  };
  using Restored = std::vector<RestoredSession>;

  void read_index(const storage::KvStore& store);
  void read_some(const storage::KvStore& store);
  void read_one(const storage::KvStore& store, const std::string& client_id, storage::SessionId id);
  bool take_unread(const std::string& client_id, storage::SessionId id);
  void hand_over(Restored sessions);
  void restore_on(SessionContext& context, Restored& sessions);
  void settled(const std::string& client_id);
  void load_retained();
  void part_done();
  [[nodiscard]] SessionReading reading(const storage::KvStore& store) const;
  void report();
  [[nodiscard]] SessionContext& home_of(std::string_view client_id) const;

  SessionCore& core_;
  RestoreFailure failure_;
  const Place first_place_;  ///< of sessions, in this start
  QueueRestorer queues_;
  std::thread retained_;
  TimePoint began_{};
  std::atomic<std::size_t> parts_{2};   ///< of phase 1: sessions, retained messages
  std::atomic<std::size_t> handed_{0};  ///< tasks that shards have not run yet
  std::atomic<bool> sessions_done_{false};
  std::atomic<std::size_t> sessions_found_{0};
  std::atomic<std::size_t> sessions_back_{0};
  std::atomic<std::size_t> retained_back_{0};  ///< once all of them are

  Mutex mutex_;
  bool index_read_ GUARDED_BY(mutex_) = false;
  std::map<std::string, std::vector<Waiter>, std::less<>> early_ GUARDED_BY(mutex_);  ///< before the index was read
  std::unordered_map<std::string, Expected> expected_ GUARDED_BY(mutex_);

  // Of the reader's thread.
  std::vector<std::pair<std::string, storage::SessionId>> order_;
  std::size_t next_ = 0;
  TimePoint reported_{};
};

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "broker/api/types.h"
#include "broker/storage/kv_store.h"
#include "broker/storage/store_health.h"
#include "broker/storage/timed_call.h"
#include "shared/base/clock.h"

namespace sluice::storage {

/// `storage.sync`: when an acknowledgement may leave.
enum class SyncPolicy : std::uint8_t {
  Always,    ///< when the device has it
  Interval,  ///< when the operating system has it; the device has it `sync_interval` later
  Os,        ///< when the operating system has it, which gives it to the device when it likes
};

struct CommitSettings {
  SyncPolicy sync = SyncPolicy::Interval;
  Duration sync_interval = std::chrono::milliseconds(100);
  std::size_t max_backlog = 64UL * 1024 * 1024;    ///< bytes that may wait to be written; more is trouble (Slow)
  Duration retry_after = std::chrono::seconds(1);  ///< a failed write is tried again
  Duration slow_after = std::chrono::seconds(1);   ///< a write or sync that takes longer is trouble (Slow)
  /// Called after each write with its number and about how many bytes it has. Numbers run upwards from that of the
  /// last start.
  std::function<void(std::uint64_t number, std::size_t bytes)> on_written;
};

/// Told of its batches. Called on the log's thread.
class CommitListener {
 public:
  /// Every batch submitted with a ticket up to this one is as durable as `storage.sync` says.
  virtual void on_committed(CommitTicket ticket) = 0;

 protected:
  ~CommitListener() = default;
};

/// Changes that are looked up only when they are written, because only the last one counts.
class LateChanges {
 public:
  /// Moves what has gathered into `batch`. Called on the log's thread.
  virtual void collect(WriteBatch& batch) = 0;

 protected:
  ~LateChanges() = default;
};

/// The one way to the store: takes the batches of all shards in the order of their submission, and writes what waits
/// as one (group commit), so that a slow disk means larger writes and not more of them. A write that fails is tried
/// again (every second) until it succeeds: nothing is passed over, and whoever waits for its commit waits so long.
/// What waits is bounded by those who submit: overloaded() says when they have to refuse what would add to it.
/// Owner: the app. Thread safety: any thread; two threads of its own, from start() to stop().
class CommitLog {
 public:
  /// `store` and `health` outlive it. `last_batch`: the number of the last batch that the store has.
  CommitLog(KvStore& store, StoreHealth& health, CommitSettings settings, std::uint64_t last_batch);
  ~CommitLog();
  CommitLog(const CommitLog&) = delete;
  CommitLog& operator=(const CommitLog&) = delete;

  /// Before start().
  void add_late_changes(LateChanges& source) { late_sources_.push_back(&source); }
  void start();
  /// Writes what was submitted, makes it durable, and ends. If the store fails, that and all behind it is given up (and
  /// logged).
  void stop();

  /// `listener` may be null, and must live until it was told or stop() has returned.
  void submit(WriteBatch batch, CommitListener* listener, CommitTicket ticket);
  /// Runs `job` on the log's thread when everything submitted before has been written (true), or, there or on the
  /// calling thread, as soon as it is known that it cannot be written for now (false). Short jobs only.
  using Job = std::function<void(bool written)>;
  void after_writes(Job job);
  /// Waits until everything submitted before has been written and has reached the device. Not on a shard.
  /// False: the store fails, and it is not waited for that it no longer does.
  bool flush();

  [[nodiscard]] std::size_t backlog() const { return backlog_.load(std::memory_order_relaxed); }
  /// More waits than may: from max_backlog on, until half of it is written.
  [[nodiscard]] bool overloaded() const { return overloaded_.load(); }
  /// To be called about once a second: a write or sync under way for longer than slow_after is trouble (Slow), which
  /// ends with one that is faster; while there is trouble something is written, so that its end is noticed.
  void look_at_clock();
  [[nodiscard]] std::uint64_t last_batch() const { return last_batch_.load(std::memory_order_relaxed); }

  /// Of the record under Table::Meta that every write renews.
  static constexpr std::string_view kBatchKey = "batch";

 private:
  struct Entry {
    WriteBatch batch;
    CommitListener* listener = nullptr;
    CommitTicket ticket = 0;
    Job job;  ///< set: not a batch
  };

  void write_loop();
  void write_group(std::vector<Entry>& group);
  /// False: told to stop while the store failed.
  bool write_until_done(const std::vector<const WriteBatch*>& batches, std::vector<Entry>& group);
  void tell(const std::vector<Entry>& group);
  void enqueue(Entry entry);
  void note_backlog();
  [[nodiscard]] bool slow() const { return write_.slow() || sync_.slow(); }
  /// Begins or ends StoreTrouble::Slow, as overloaded_ and slow() say.
  void tell_slow(const std::string& why);
  void look_at(TimedCall& call);
  void note_took(TimedCall& call, Duration took);
  void note_failed(const StoreStatus& status, std::vector<Entry>& group);
  void give_up(std::size_t changes);
  void sync_loop();
  void sync_written();

  KvStore& store_;
  StoreHealth& health_;
  const CommitSettings settings_;
  std::vector<LateChanges*> late_sources_;
  std::atomic<std::size_t> backlog_{0};
  std::atomic<bool> overloaded_{false};
  TimedCall write_{"write"};  ///< the writer's
  TimedCall sync_{"sync"};    ///< the syncer's, or of stop() after it
  std::atomic<std::uint64_t> last_batch_;
  std::atomic<std::uint64_t> unsynced_{0};  ///< groups written since the last sync

  std::mutex telling_;
  std::mutex mutex_;
  std::condition_variable work_;  ///< of the writer
  std::condition_variable tick_;  ///< of the syncer
  std::vector<Entry> waiting_;    ///< under mutex_
  bool stopping_ = false;         ///< under mutex_
  bool given_up_ = false;         ///< the writer's: stop() came while the store failed
  std::thread writer_;
  std::thread syncer_;
};

}  // namespace sluice::storage

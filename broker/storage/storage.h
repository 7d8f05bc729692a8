// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "broker/storage/commit_log.h"
#include "broker/storage/kv_store.h"
#include "broker/storage/record_format.h"
#include "broker/storage/shared_records.h"
#include "broker/storage/space_watch.h"
#include "broker/storage/store_health.h"
#include "broker/storage/store_reader.h"
#include "broker/storage/written_mark.h"

namespace sluice::storage {

/// `storage.*` as values.
struct StorageSettings {
  std::filesystem::path folder;  ///< <node.data_dir>/storage
  SyncPolicy sync = SyncPolicy::Interval;
  Duration sync_interval = std::chrono::milliseconds(100);
  std::uint64_t memory = 256ULL * 1024 * 1024;
  std::uint64_t max_bytes = 0;  ///< 0: 90 % of the file system
  bool drop_when_full = false;
  bool accept_log_loss = false;
};

/// What a server that has state on disk shares: the store, the way in (commit log), the way out (reader), its health,
/// and the ids that were never used before.
/// Owner: the app; outlives the sessions. Thread safety: any thread, unless noted.
class Storage {
 public:
  /// Opens the store in the settings' folder, or makes one. Null: `status` says why not.
  static std::unique_ptr<Storage> open(const StorageSettings& settings, StoreStatus& status);
  /// On a store that is open already (tests). Null: it is of a later version.
  static std::unique_ptr<Storage> take(std::unique_ptr<KvStore> store, const StorageSettings& settings,
                                       StoreStatus& status);
  ~Storage();

  /// Begins to write and to read. Before the shards run.
  void start();
  /// Writes what was submitted and ends. After the shards.
  void stop();

  [[nodiscard]] KvStore& store() { return *store_; }
  [[nodiscard]] StoreHealth& health() { return health_; }
  [[nodiscard]] CommitLog& log() { return log_; }
  [[nodiscard]] StoreReader& reader() { return reader_; }
  [[nodiscard]] SharedRecords& shared_records() { return shared_records_; }
  [[nodiscard]] const StorageSettings& settings() const { return settings_; }

  /// The number of the last batch that was there at the start.
  [[nodiscard]] std::uint64_t first_batch() const { return first_batch_; }
  /// Batches that were written before it and were not there any more (at least so many).
  [[nodiscard]] std::uint64_t lost_batches() const { return lost_batches_; }
  /// How often a server has begun on this store, this time included.
  [[nodiscard]] std::uint32_t starts() const { return starts_; }
  /// Ids from these on were given out since the start.
  [[nodiscard]] SessionId first_session_id() const { return first_session_; }
  [[nodiscard]] MessageId first_message_id() const { return first_message_; }
  SessionId new_session_id() { return next_session_.fetch_add(1, std::memory_order_relaxed); }
  MessageId new_message_id() { return next_message_.fetch_add(1, std::memory_order_relaxed); }
  /// False: messages that have to survive are not written for now, but refused, or dropped if drops_messages().
  [[nodiscard]] bool takes_messages() const { return writes() && !health_.has(StoreTrouble::Full); }
  /// storage.full = drop, and it is full and nothing else.
  [[nodiscard]] bool drops_messages() const {
    return settings_.drop_when_full && health_.has(StoreTrouble::Full) && writes();
  }
  /// False: no session that is kept on disk begins for now.
  [[nodiscard]] bool takes_sessions() const { return takes_messages() || drops_messages(); }
  /// False: what a kept session wants to add to its records (subscriptions) is refused for now.
  [[nodiscard]] bool takes_additions() const { return takes_changes() && !health_.has(StoreTrouble::Full); }
  /// False: too much waits to be written already; only what ends or shrinks something still comes to it.
  [[nodiscard]] bool takes_changes() const { return !log_.overloaded(); }

 private:
  Storage(std::unique_ptr<KvStore> store, const StorageSettings& settings, std::uint32_t starts,
          std::uint64_t last_batch);
  [[nodiscard]] bool writes() const { return !health_.has(StoreTrouble::Failing) && takes_changes(); }

  const StorageSettings settings_;
  const std::unique_ptr<KvStore> store_;
  StoreHealth health_;
  WrittenMark written_;
  const std::uint32_t starts_;
  const std::uint64_t first_batch_;
  const std::uint64_t lost_batches_;
  CommitLog log_;
  StoreReader reader_;
  SpaceWatch space_;
  SharedRecords shared_records_;
  const SessionId first_session_;
  const MessageId first_message_;
  std::atomic<SessionId> next_session_;
  std::atomic<MessageId> next_message_;
};

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <rocksdb/db.h>
#include <string_view>

#include "broker/storage/log_syncer.h"
#include "broker/storage/rocksdb_options.h"
#include "broker/storage/rocksdb_store.h"

namespace sluice::storage {

/// An open database of RocksDB with the handles of its column families; closes it at its end.
class Database {
 public:
  /// Null: `status` says why.
  static std::unique_ptr<Database> open(const RocksDbSettings& settings, const Resources& resources,
                                        StoreStatus& status, OpenReport& report);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  /// Null: a read-only store does not have the table.
  [[nodiscard]] rocksdb::ColumnFamilyHandle* table(Table table) const {
    return tables_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] const std::array<rocksdb::ColumnFamilyHandle*, kTables>& tables() const { return tables_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* notes() const { return notes_; }

  /// Puts the log on the device. Any thread. Requires: it is not read-only.
  rocksdb::Status sync();
  /// Writes up to this sequence number are on the device, whatever happens.
  [[nodiscard]] std::uint64_t synced() const { return synced_.load(std::memory_order_relaxed); }
  /// After a write with `sync`.
  void note_synced(std::uint64_t sequence);
  /// A write or a sync of the log failed: nothing more may be written to it, and only opening the database again gives
  /// it a new one.
  [[nodiscard]] bool log_failed() const { return log_failed_.load(std::memory_order_acquire); }
  void note_log_failed() { log_failed_.store(true, std::memory_order_release); }

 private:
  Database() = default;

  std::atomic<std::uint64_t> synced_{0};
  std::atomic<bool> log_failed_{false};
  std::unique_ptr<LogSyncer> syncer_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTables> tables_{};
  rocksdb::ColumnFamilyHandle* notes_ = nullptr;
};

}  // namespace sluice::storage

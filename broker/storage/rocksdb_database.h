// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <rocksdb/db.h>
#include <string_view>

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

 private:
  Database() = default;

  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTables> tables_{};
  rocksdb::ColumnFamilyHandle* notes_ = nullptr;
};

}  // namespace sluice::storage

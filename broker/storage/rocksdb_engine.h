// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <rocksdb/file_system.h>
#include <rocksdb/write_batch.h>
#include <shared_mutex>
#include <span>
#include <string_view>

#include "broker/storage/folder_lock.h"
#include "broker/storage/kv_store.h"
#include "broker/storage/rocksdb_database.h"
#include "broker/storage/rocksdb_store.h"

namespace sluice::storage {

/// RocksDbStore's inside, for its sources and for tests.
/// Readers hold `mutex_` shared for as long as they use the database; recover() takes it alone to open it anew. A
/// scan's visitor may call get(): a thread may hold a pthread rwlock shared more than once, and glibc's prefers
/// readers.
class RocksDbEngine final : public KvStore {
 public:
  /// As RocksDbStore::open. `file_system` null: the real one.
  static std::unique_ptr<KvStore> open(const RocksDbSettings& settings,
                                       const std::shared_ptr<rocksdb::FileSystem>& file_system, StoreStatus& status,
                                       OpenReport* report);
  ~RocksDbEngine() override;

  StoreStatus write(std::span<const WriteBatch* const> batches, Durability durability) override;
  StoreStatus sync() override;
  StoreStatus recover() override;
  StoreStatus get(Table table, std::string_view key, std::optional<std::string>& value) const override;
  StoreStatus scan(Table table, std::string_view prefix, std::string_view from, const Visitor& visitor) const override;
  [[nodiscard]] StoreFigures figures() const override;
  StoreStatus compact() override;
  void interrupt() override { interrupted_ = true; }
  StoreStatus backup(const std::filesystem::path& folder) override;
  StoreStatus verify() override;

 private:
  RocksDbEngine(const RocksDbSettings& settings, std::shared_ptr<Resources> resources, FolderLock lock);

  StoreStatus open_database(OpenReport& report);
  StoreStatus probe();
  [[nodiscard]] StoreStatus probe_folder() const;
  void fill(std::span<const WriteBatch* const> batches);
  void note_failure(const rocksdb::Status& status);
  [[nodiscard]] StoreStatus failure(const rocksdb::Status& status) const;
  [[nodiscard]] StoreStatus closed() const;

  const RocksDbSettings settings_;
  const FolderLock lock_;
  const std::shared_ptr<Resources> resources_;
  mutable std::shared_mutex mutex_;
  std::unique_ptr<Database> database_;  // null: recover() closed it and could not open it again
  rocksdb::WriteBatch merged_;          // write()'s, kept for its memory
  std::atomic<bool> repeated_{false};   // a key may lie in the store twice: see write()
  std::atomic<StoreErrc> last_error_{StoreErrc::Io};
  std::atomic<bool> interrupted_{false};
};

}  // namespace sluice::storage

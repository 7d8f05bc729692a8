// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/statistics.h>
#include <rocksdb/write_buffer_manager.h>

#include "broker/storage/rocksdb_store.h"
#include "broker/storage/write_batch.h"

namespace sluice::storage {

/// What outlives one opening of the database: caches, counters, the way to the files.
struct Resources {
  std::unique_ptr<rocksdb::Env> own_env;  ///< null: the process's
  rocksdb::Env* env = nullptr;
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> buffers;
  std::shared_ptr<rocksdb::Statistics> statistics;
  std::shared_ptr<rocksdb::Logger> logger;
};

std::shared_ptr<Resources> make_resources(const RocksDbSettings& settings,
                                          const std::shared_ptr<rocksdb::FileSystem>& file_system);
rocksdb::DBOptions db_options(const RocksDbSettings& settings, const Resources& resources);
rocksdb::ColumnFamilyOptions table_options(Table table, const RocksDbSettings& settings, const Resources& resources);
/// Of the column family that RocksDB makes itself; a few notes lie there.
rocksdb::ColumnFamilyOptions notes_options(const RocksDbSettings& settings, const Resources& resources);

}  // namespace sluice::storage

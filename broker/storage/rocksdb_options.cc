// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/rocksdb_options.h"

#include <algorithm>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "broker/storage/prefix_memtable.h"
#include "broker/storage/rocksdb_log.h"

namespace sluice::storage {
namespace {

constexpr std::uint64_t kKilo = 1024;
constexpr std::uint64_t kMega = kKilo * kKilo;

/// Of one table's buffer: what is erased before it is full never reaches a table file.
std::uint64_t buffer_bytes(const RocksDbSettings& settings) {
  return std::clamp(settings.memory_bytes / 8, kMega, 64 * kMega);
}

}  // namespace

std::shared_ptr<Resources> make_resources(const RocksDbSettings& settings,
                                          const std::shared_ptr<rocksdb::FileSystem>& file_system) {
  auto resources = std::make_shared<Resources>();
  if (file_system) resources->own_env = rocksdb::NewCompositeEnv(file_system);
  resources->env = file_system ? resources->own_env.get() : rocksdb::Env::Default();
  // Two shards: more would each take their share of an idle store's memory.
  resources->cache = rocksdb::NewLRUCache(settings.memory_bytes, 1);
  resources->buffers = std::make_shared<rocksdb::WriteBufferManager>(settings.memory_bytes / 2, resources->cache);
  resources->statistics = rocksdb::CreateDBStatistics();
  resources->statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  resources->logger = make_rocksdb_logger();
  return resources;
}

rocksdb::DBOptions db_options(const RocksDbSettings& settings, const Resources& resources) {
  rocksdb::DBOptions options;
  options.env = resources.env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.info_log = resources.logger;
  options.statistics = resources.statistics;
  options.write_buffer_manager = resources.buffers;
  options.max_total_wal_size = settings.max_log_bytes;
  // A torn end of a log has been cut before RocksDB sees it (log_check.h), so that whatever it still finds is damage.
  // Where nothing may be changed it has to stop at the torn end by itself.
  options.wal_recovery_mode = settings.read_only ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                                 : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // One thread writes: nothing is gained by what lets several write at once.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.max_background_jobs = 2;
  options.max_subcompactions = 1;
  options.max_open_files = 256;
  options.max_file_opening_threads = 1;
  options.table_cache_numshardbits = 2;
  options.bytes_per_sync = kMega;
  options.max_manifest_file_size = 4 * kMega;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // Lets a reader that frees a table leave the deletion of its file to a thread; a read-only database has none to do.
  options.avoid_unnecessary_blocking_io = !settings.read_only;
  // See the listener's OnErrorRecoveryBegin.
  options.max_bgerror_resume_count = 0;
  // A key that is erased twice is no reason to stop the store.
  options.enforce_single_del_contracts = false;
  return options;
}

rocksdb::ColumnFamilyOptions notes_options(const RocksDbSettings& settings, const Resources& resources) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = resources.cache;
  blocks.cache_index_and_filter_blocks = true;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.checksum = rocksdb::kXXH3;
  blocks.format_version = 5;
  blocks.block_size = 16 * kKilo;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = buffer_bytes(settings);
  options.arena_block_size = 64 * kKilo;
  // write() waits for a flush only if so many buffers are full, and never for a compaction.
  options.max_write_buffer_number = 4;
  options.level0_file_num_compaction_trigger = 4;
  options.level0_slowdown_writes_trigger = 200;
  options.level0_stop_writes_trigger = 1000;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;
  options.level_compaction_dynamic_level_bytes = true;
  options.target_file_size_base = 32 * kMega;
  options.max_bytes_for_level_base = 128 * kMega;
  return options;
}

rocksdb::ColumnFamilyOptions table_options(Table table, const RocksDbSettings& settings, const Resources& resources) {
  rocksdb::ColumnFamilyOptions options = notes_options(settings, resources);
  if (table == Table::Queues) options.memtable_factory = make_prefix_memtable_factory();
  return options;
}

}  // namespace sluice::storage

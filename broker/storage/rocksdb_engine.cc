// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/rocksdb_engine.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <rocksdb/utilities/checkpoint.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "broker/storage/log_check.h"
#include "broker/storage/log_scan.h"
#include "broker/storage/rocksdb_status.h"
#include "broker/storage/system_status.h"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

/// A batch that grew past it is not kept for the next write.
constexpr std::size_t kKeptBatchBytes = std::size_t{1} << 20;
/// Among the notes: there may be keys that were put twice, so none may be erased by a SingleDelete.
constexpr std::string_view kRepeatedNote = "repeated";
/// Room for what opening a database writes.
constexpr std::string_view kProbeFile = "000000.dbtmp";
constexpr std::size_t kProbeBytes = std::size_t{1} << 20;
/// Among the notes: written to see whether the store can be written to.
constexpr std::string_view kProbeNote = "probe";

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

/// The least key behind all that begin with `prefix`; empty: there is none.
std::string behind(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

/// Makes the folder and those above it that are missing; their names last when it returns.
StoreStatus make_folder(const fs::path& folder) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return {};
  const fs::path parent = folder.has_filename() ? folder.parent_path() : folder.parent_path().parent_path();
  if (StoreStatus status = make_folder(parent); !status.ok()) return status;
  if (!fs::create_directory(folder, error) && error) return system_status(error.value(), folder.string());
  const std::string name = parent.empty() ? "." : parent.string();
  const int opened = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return system_status(errno, name);
  const int synced = ::fsync(opened);
  const int failure = errno;
  ::close(opened);
  return synced == 0 ? StoreStatus() : system_status(failure, name);
}

}  // namespace

std::unique_ptr<KvStore> RocksDbStore::open(const RocksDbSettings& settings, StoreStatus& status, OpenReport* report) {
  return RocksDbEngine::open(settings, nullptr, status, report);
}

std::unique_ptr<KvStore> RocksDbEngine::open(const RocksDbSettings& settings,
                                             const std::shared_ptr<rocksdb::FileSystem>& file_system,
                                             StoreStatus& status, OpenReport* report) {
  status = {};
  if (!settings.read_only) status = make_folder(settings.folder);
  if (!status.ok()) return nullptr;
  FolderLock lock;
  status = lock.acquire(settings.folder, settings.read_only);
  if (!status.ok()) return nullptr;
  std::unique_ptr<RocksDbEngine> engine(
      new RocksDbEngine(settings, make_resources(settings, file_system), std::move(lock)));
  OpenReport found;
  status = engine->open_database(found);
  if (report != nullptr) *report = found;
  if (!status.ok()) return nullptr;
  return engine;
}

RocksDbEngine::RocksDbEngine(const RocksDbSettings& settings, std::shared_ptr<Resources> resources, FolderLock lock)
    : settings_(settings), lock_(std::move(lock)), resources_(std::move(resources)) {}

RocksDbEngine::~RocksDbEngine() { static_cast<void>(sync()); }

StoreStatus RocksDbEngine::open_database(OpenReport& report) {
  LogCheck logs;
  StoreStatus status = check_logs(settings_.folder, settings_.accept_log_loss, logs);
  if (status.ok() && !settings_.read_only) status = cut_logs(logs);
  if (!status.ok()) return status;
  report.dropped_bytes = logs.dropped_bytes;
  report.dropped_writes = logs.dropped_writes;
  if (logs.dropped_bytes != 0) report.cut_log = logs.cuts.front().log.string();
  database_ = Database::open(settings_, *resources_, status, report);
  if (!database_) return status;
  std::string note;
  const rocksdb::Status found = database_->db().Get({}, database_->notes(), slice(kRepeatedNote), &note);
  repeated_ = repeated_ || found.ok();
  return found.IsNotFound() ? StoreStatus() : failure(found);
}

StoreStatus RocksDbEngine::failure(const rocksdb::Status& status) const {
  return store_status(status, settings_.folder.string());
}

StoreStatus RocksDbEngine::closed() const {
  // What cannot be read now is not known to be damaged.
  const StoreErrc last = last_error_;
  const StoreErrc why = last == StoreErrc::Corrupt ? StoreErrc::Io : last;
  return {why, settings_.folder.string() + ": cannot be used after a failure until it is recovered"};
}

void RocksDbEngine::fill(std::span<const WriteBatch* const> batches) {
  merged_.Clear();
  // In the log only, not in the tables. Adding to a batch fails only past the limit that it was made with: it has none.
  rocksdb::Status added = merged_.PutLogData(sync_mark(database_->synced()));
  const bool repeated = repeated_;
  for (const WriteBatch* batch : batches) {
    batch->for_each([&](const WriteBatch::Change& change) {
      rocksdb::ColumnFamilyHandle* const table = database_->table(change.table);
      if (change.op == WriteBatch::Op::Put) {
        added = merged_.Put(table, slice(change.key), slice(change.value));
      } else if (change.op == WriteBatch::Op::EraseOnce && !repeated) {
        added = merged_.SingleDelete(table, slice(change.key));
      } else {
        added = merged_.Delete(table, slice(change.key));
      }
    });
  }
}

StoreStatus RocksDbEngine::write(std::span<const WriteBatch* const> batches, Durability durability) {
  const std::shared_lock lock(mutex_);
  if (settings_.read_only) return {StoreErrc::Refused, settings_.folder.string() + ": is open to be read only"};
  if (!database_ || database_->log_failed()) return closed();
  fill(batches);
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::Power;
  const rocksdb::Status written = database_->db().Write(options, &merged_);
  if (merged_.GetDataSize() > kKeptBatchBytes) merged_ = rocksdb::WriteBatch();
  // It may have been applied all the same, and the caller will write it again: from here on a key may have been put
  // twice, and a SingleDelete would bring the first one back.
  if (!written.ok()) note_failure(written);
  if (written.ok() && options.sync) database_->note_synced(database_->db().GetLatestSequenceNumber());
  return failure(written);
}

void RocksDbEngine::note_failure(const rocksdb::Status& status) {
  repeated_ = true;
  last_error_ = failure(status).code();
}

StoreStatus RocksDbEngine::sync() {
  if (settings_.read_only) return {};
  const std::shared_lock lock(mutex_);
  if (!database_ || database_->log_failed()) return closed();
  const rocksdb::Status synced = database_->sync();
  if (!synced.ok()) note_failure(synced);
  return failure(synced);
}

StoreStatus RocksDbEngine::recover() {
  if (settings_.read_only) return {};
  {
    const std::shared_lock lock(mutex_);
    if (database_ && !database_->log_failed() && database_->db().Resume().ok() && probe().ok()) return {};
  }
  // Only a new beginning helps; but while it could not succeed, readers keep what they have.
  if (StoreStatus status = probe_folder(); !status.ok()) return status;
  const std::unique_lock lock(mutex_);
  database_.reset();
  OpenReport ignored;
  StoreStatus status = open_database(ignored);
  return status.ok() ? probe() : status;
}

StoreStatus RocksDbEngine::probe_folder() const {
  std::error_code error;
  std::uint64_t wanted = kProbeBytes;  // opening writes what is in the logs to tables
  for (const fs::directory_entry& entry : fs::directory_iterator(settings_.folder, error)) {
    std::error_code gone;
    if (entry.path().extension() == ".log") wanted += entry.file_size(gone);
  }
  if (!error && fs::space(settings_.folder, error).available < wanted && !error) {
    return {StoreErrc::NoSpace, settings_.folder.string() + ": needs " + std::to_string(wanted >> 20) + " MB free"};
  }
  const std::string name = (settings_.folder / kProbeFile).string();
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = resources_->env->NewWritableFile(name, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(std::string(kProbeBytes, '\0'));
  if (status.ok()) status = file->Sync();
  if (file) file->Close().PermitUncheckedError();
  resources_->env->DeleteFile(name).PermitUncheckedError();
  return failure(status);
}

/// Also keeps, in the store, that keys may have been put twice.
StoreStatus RocksDbEngine::probe() {
  rocksdb::WriteOptions options;
  options.sync = true;
  const std::string_view note = repeated_ ? kRepeatedNote : kProbeNote;
  return failure(database_->db().Put(options, database_->notes(), slice(note), {}));
}

StoreStatus RocksDbEngine::get(Table table, std::string_view key, std::optional<std::string>& value) const {
  const std::shared_lock lock(mutex_);
  value.reset();
  if (!database_) return closed();
  if (database_->table(table) == nullptr) return {};
  rocksdb::PinnableSlice found;
  const rocksdb::Status status = database_->db().Get({}, database_->table(table), slice(key), &found);
  if (status.ok()) value.emplace(found.data(), found.size());
  return status.IsNotFound() ? StoreStatus() : failure(status);
}

StoreStatus RocksDbEngine::scan(Table table, std::string_view prefix, std::string_view from,
                                const Visitor& visitor) const {
  const std::shared_lock lock(mutex_);
  if (!database_) return closed();
  if (database_->table(table) == nullptr) return {};
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.total_order_seek = true;
  const std::string end = behind(prefix);
  const rocksdb::Slice bound = slice(end);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator(options, database_->table(table)));
  for (at->Seek(slice(std::max(prefix, from))); at->Valid(); at->Next()) {
    if (!view(at->key()).starts_with(prefix) || !visitor(view(at->key()), view(at->value()))) break;
  }
  return failure(at->status());
}

StoreFigures RocksDbEngine::figures() const {
  const std::shared_lock lock(mutex_);
  StoreFigures figures;
  std::error_code error;
  for (fs::directory_iterator at(settings_.folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    std::error_code gone;
    const std::uint64_t size = at->file_size(gone);
    if (!gone) figures.disk_bytes += size;
  }
  // The write buffers are charged to the cache.
  figures.memory_bytes = resources_->cache->GetUsage();
  const rocksdb::Statistics& statistics = *resources_->statistics;
  figures.log_bytes_written = statistics.getTickerCount(rocksdb::WAL_FILE_BYTES);
  figures.flush_bytes_written = statistics.getTickerCount(rocksdb::FLUSH_WRITE_BYTES);
  figures.compact_bytes_written = statistics.getTickerCount(rocksdb::COMPACT_WRITE_BYTES);
  return figures;
}

StoreStatus RocksDbEngine::compact() {
  const std::shared_lock lock(mutex_);
  if (!database_) return closed();
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.canceled = &interrupted_;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (rocksdb::ColumnFamilyHandle* table : database_->tables()) {
    const rocksdb::Status done = database_->db().CompactRange(options, table, nullptr, nullptr);
    if (!done.ok()) return failure(done);
  }
  return {};
}

StoreStatus RocksDbEngine::backup(const fs::path& folder) {
  const std::shared_lock lock(mutex_);
  if (!database_) return closed();
  std::error_code error;
  if (fs::exists(fs::symlink_status(folder, error))) {
    return {StoreErrc::Refused, folder.string() + ": exists already; a backup needs a folder of its own"};
  }
  const fs::path parent = fs::absolute(folder, error).parent_path();
  if (!fs::is_directory(parent, error)) return {StoreErrc::NotFound, parent.string() + ": is no folder"};
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&database_->db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder.string());
  return store_status(status, folder.string());
}

StoreStatus RocksDbEngine::verify() {
  const std::shared_lock lock(mutex_);
  if (!database_) return closed();
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const rocksdb::Status checksums = database_->db().VerifyChecksum(options);
  if (!checksums.ok()) return failure(checksums);
  for (rocksdb::ColumnFamilyHandle* table : database_->tables()) {
    if (table == nullptr) continue;
    const std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator(options, table));
    at->SeekToFirst();
    while (at->Valid()) at->Next();
    if (!at->status().ok()) return failure(at->status());
  }
  return {};
}

}  // namespace sluice::storage

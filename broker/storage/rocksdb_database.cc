// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/rocksdb_database.h"

#include <algorithm>
#include <filesystem>
#include <rocksdb/sst_file_reader.h>
#include <string>
#include <utility>
#include <vector>

#include "broker/storage/rocksdb_status.h"
#include "broker/storage/table_names.h"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

/// Names of the column families.
constexpr const auto& kNames = kTableNames;

/// A folder without CURRENT holds no store yet, or what is left of one: then making a new one would hide the loss.
StoreStatus check_is_new(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    const fs::path name = entry.path().filename();
    if (name.extension() == ".sst" || (name.extension() == ".log" && entry.file_size(ignored) > 0)) {
      return {StoreErrc::Corrupt, (folder / "CURRENT").string() + ": is not there, but " + name.string() +
                                      " is: the store is damaged; restore it from a backup"};
    }
  }
  return {};
}

/// Puts a log on the device before RocksDB goes on to the next one: else a power cut could take the end of one log and
/// leave the next, and with that a write without those before it.
class Listener final : public rocksdb::EventListener {
 public:
  void watch(Database* database) { database_.store(database, std::memory_order_release); }

  void OnMemTableSealed(const rocksdb::MemTableInfo&) override {
    Database* const database = database_.load(std::memory_order_acquire);
    if (database != nullptr) database->sync().PermitUncheckedError();  // a failure stops further writes by itself
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status*) override {
    using Reason = rocksdb::BackgroundErrorReason;
    Database* const database = database_.load(std::memory_order_acquire);
    if (database != nullptr && (reason == Reason::kWriteCallback || reason == Reason::kMemTable)) {
      database->note_log_failed();
    }
  }
  /// recover() says when: what mends itself behind the caller's back cannot be reasoned about.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* automatic) override {
    *automatic = false;
  }

 private:
  std::atomic<Database*> database_{nullptr};  // null: it is being opened
};

/// The sentence of RocksDB for a table that it cannot open names another file: looks which one it is.
StoreStatus name_damaged_table(const fs::path& folder, const rocksdb::DBOptions& options, StoreStatus status) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".sst") continue;
    rocksdb::SstFileReader reader(rocksdb::Options(options, {}));
    if (!reader.Open(entry.path().string()).IsCorruption()) continue;
    return {StoreErrc::Corrupt, entry.path().string() + ": damaged: " + status.text()};
  }
  return status;
}

/// The column families that there are.
StoreStatus find_families(const RocksDbSettings& settings, const rocksdb::DBOptions& options, OpenReport& report,
                          std::vector<std::string>& found) {
  const std::string folder = settings.folder.string();
  report.created = options.env->FileExists(folder + "/CURRENT").IsNotFound();
  if (report.created && settings.read_only) return {StoreErrc::NotFound, folder + ": holds no store"};
  if (report.created) return check_is_new(settings.folder);
  StoreStatus status = store_status(rocksdb::DB::ListColumnFamilies(options, folder, &found), folder);
  for (const std::string& name : found) {
    if (name == rocksdb::kDefaultColumnFamilyName || std::ranges::find(kNames, name) != kNames.end()) continue;
    std::string text = folder + ": was written by a later version of Sluice: it has a table ";
    status = {StoreErrc::NewerFormat, text.append(name)};
  }
  return status;
}

struct Families {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  std::vector<rocksdb::ColumnFamilyHandle**> handles;  ///< where each one's handle goes
};

}  // namespace

std::unique_ptr<Database> Database::open(const RocksDbSettings& settings, const Resources& resources,
                                         StoreStatus& status, OpenReport& report) {
  const std::string folder = settings.folder.string();
  const auto listener = std::make_shared<Listener>();
  rocksdb::DBOptions options = db_options(settings, resources);
  options.listeners.push_back(listener);
  std::vector<std::string> found;
  status = find_families(settings, options, report, found);
  if (!status.ok()) return nullptr;

  std::unique_ptr<Database> database(new Database());
  Families families{{{rocksdb::kDefaultColumnFamilyName, notes_options(settings, resources)}}, {&database->notes_}};
  for (std::size_t i = 0; i < kTables; ++i) {
    const std::string name(kNames[i]);
    if (settings.read_only && std::ranges::find(found, name) == found.end()) continue;
    families.descriptors.emplace_back(name, table_options(static_cast<Table>(i), settings, resources));
    families.handles.push_back(&database->tables_[i]);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  status = store_status(settings.read_only
                            ? rocksdb::DB::OpenForReadOnly(options, folder, families.descriptors, &handles, &db)
                            : rocksdb::DB::Open(options, folder, families.descriptors, &handles, &db),
                        folder);
  if (status.code() == StoreErrc::Corrupt) status = name_damaged_table(settings.folder, options, std::move(status));
  if (!status.ok()) return nullptr;
  database->db_.reset(db);
  for (std::size_t i = 0; i < handles.size(); ++i) *families.handles[i] = handles[i];
  database->note_synced(db->GetLatestSequenceNumber());  // replaying the log has put all of it into tables
  if (settings.read_only) return database;
  database->syncer_ = std::make_unique<LogSyncer>(*resources.env, folder);
  status = store_status(database->sync(), folder);
  if (!status.ok()) return nullptr;
  listener->watch(database.get());
  return database;
}

rocksdb::Status Database::sync() {
  const std::uint64_t sequence = db_->GetLatestSequenceNumber();
  const rocksdb::Status status = syncer_->sync();
  if (status.ok()) {
    note_synced(sequence);
  } else {
    note_log_failed();
  }
  return status;
}

void Database::note_synced(std::uint64_t sequence) {
  std::uint64_t known = synced_.load(std::memory_order_relaxed);
  while (known < sequence && !synced_.compare_exchange_weak(known, sequence, std::memory_order_relaxed)) {
  }
}

Database::~Database() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* table : tables_) {
    if (table != nullptr) db_->DestroyColumnFamilyHandle(table);
  }
  db_->DestroyColumnFamilyHandle(notes_);
  db_->Close();
}

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/storage.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/storage/rocksdb_store.h"
#include "broker/storage/storage_probe.h"
#include "broker/storage/table_names.h"
#include "shared/log/log.h"

namespace sluice::storage {
namespace {

constexpr std::string_view kStoreKey = "store";
/// Ids of one start; more are not given out in a server's life.
constexpr unsigned kIdBits = 40;

/// What stands under Table::Meta of a store that was opened before.
struct Known {
  StoreRecord store;
  std::uint64_t last_batch = 0;
};

std::uint64_t number_or_zero(std::string_view value) {
  const auto number = decode_number(value);
  return number ? *number : 0;
}

/// A store with anything in it has a record of its own: without it ids would be given out again.
StoreStatus check_is_empty(const KvStore& store) {
  for (std::size_t table = 0; table < kTables; ++table) {
    bool empty = true;
    StoreStatus status = store.scan(static_cast<Table>(table), {}, {}, [&](std::string_view, std::string_view) {
      empty = false;
      return false;
    });
    if (!status.ok()) return status;
    if (empty) continue;
    return {StoreErrc::Corrupt, fmt::format("the store's own record is not there, but table {} has others: the store "
                                            "is damaged; restore it from a backup",
                                            kTableNames[table])};
  }
  return {};
}

StoreStatus read_known(const KvStore& store, Known& known) {
  std::optional<std::string> value;
  if (StoreStatus status = store.get(Table::Meta, kStoreKey, value); !status.ok()) return status;
  if (value) {
    const auto record = decode_store(*value);
    if (!record) return {StoreErrc::Corrupt, fmt::format("the store's own record: {}", record.error().message())};
    known.store = *record;
  } else if (StoreStatus status = check_is_empty(store); !status.ok()) {
    return status;
  }
  if (StoreStatus status = store.get(Table::Meta, CommitLog::kBatchKey, value); !status.ok()) return status;
  if (value) known.last_batch = number_or_zero(*value);
  if (known.store.format <= kFormat) return {};
  return {StoreErrc::NewerFormat,
          fmt::format("the store has format {}, and this version reads up to {}; start the version that wrote it",
                      known.store.format, kFormat)};
}

/// Counts the start, so that ids of this one are new.
StoreStatus write_start(KvStore& store, StoreRecord& record) {
  record.format = kFormat;
  ++record.starts;
  std::string value;
  encode(record, value);
  WriteBatch batch;
  batch.put(Table::Meta, kStoreKey, value);
  const WriteBatch* const batches[] = {&batch};
  return store.write(batches, Durability::Power);
}

/// Says how many batches are gone. Returns it.
std::uint64_t report_lost(std::uint64_t written, std::uint64_t found) {
  if (written <= found) return 0;
  log::get("storage").error(
      "at least {} batches were written and are gone: the machine lost power, or files were changed by hand; "
      "what clients did in that time may be lost (storage.sync = always prevents it)",
      written - found);
  return written - found;
}

void report_cut(const OpenReport& report) {
  if (report.cut_log.empty()) return;
  log::get("storage").warn(
      "the end of {} was torn and has been cut off: {} bytes, {} writes; nothing of it was acknowledged with "
      "storage.sync = always",
      report.cut_log, report.dropped_bytes, report.dropped_writes);
}

std::filesystem::path mark_file(const StorageSettings& settings) {
  return settings.folder.empty() ? std::filesystem::path() : settings.folder / "WRITTEN";
}

}  // namespace

std::unique_ptr<Storage> Storage::open(const StorageSettings& settings, StoreStatus& status) {
  RocksDbSettings engine;
  engine.folder = settings.folder;
  engine.memory_bytes = settings.memory;
  engine.accept_log_loss = settings.accept_log_loss;
  OpenReport report;
  std::unique_ptr<KvStore> store = RocksDbStore::open(engine, status, &report);
  if (store == nullptr) return nullptr;
  report_cut(report);
  return take(std::move(store), settings, status);
}

std::unique_ptr<Storage> Storage::take(std::unique_ptr<KvStore> store, const StorageSettings& settings,
                                       StoreStatus& status) {
  Known known;
  status = read_known(*store, known);
  if (status.ok()) status = write_start(*store, known.store);
  if (!status.ok()) return nullptr;
  return std::unique_ptr<Storage>(new Storage(std::move(store), settings, known.store.starts, known.last_batch));
}

Storage::Storage(std::unique_ptr<KvStore> store, const StorageSettings& settings, std::uint32_t starts,
                 std::uint64_t last_batch)
    : settings_(settings),
      store_(std::move(store)),
      written_(mark_file(settings)),
      starts_(starts),
      first_batch_(last_batch),
      lost_batches_(report_lost(written_.read(), last_batch)),
      log_(*store_, health_,
           {.sync = settings.sync,
            .sync_interval = settings.sync_interval,
            .max_backlog = settings.memory / 4,
            .on_written =
                [this](std::uint64_t number, std::size_t bytes) {
                  written_.write(number);
                  space_.note_written(bytes);
                }},
           last_batch),
      reader_(*store_),
      space_(*store_, health_, {.folder = settings.folder, .max_bytes = settings.max_bytes, .measure = {}}),
      first_session_(static_cast<SessionId>(starts) << kIdBits),
      first_message_(static_cast<MessageId>(starts) << kIdBits),
      next_session_(first_session_),
      next_message_(first_message_) {
  probe();
  written_.write(last_batch);
}

Storage::~Storage() { stop(); }

void Storage::start() {
  space_.look();  // there may be no room from the beginning
  log_.start();
  reader_.start();
  space_.start([this] { log_.look_at_clock(); });
}

void Storage::stop() {
  space_.stop();
  reader_.stop();
  log_.stop();
}

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#include "broker/app/storage_check.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

#include "broker/app/config/configuration.h"
#include "broker/app/storage_setup.h"
#include "broker/storage/rocksdb_store.h"
#include "broker/storage/storage_config.h"
#include "broker/storage/store_check.h"
#include "broker/storage/table_names.h"
#include "broker/storage/written_mark.h"
#include "shared/log/log.h"

namespace sluice::app {
namespace {

using storage::StoreSummary;

void print_problem(const std::string& problem) { fmt::print(stderr, "{}\n", problem); }

/// Where the store is; empty: it was said why there is none.
std::filesystem::path store_folder(const Options& options) {
  if (!options.storage_folder.empty()) return options.storage_folder;
  const Configuration configuration(options, environ);
  for (const ConfigProblem& problem : configuration.problems()) print_problem(problem.to_string());
  if (!configuration.problems().empty()) return {};
  if (configuration.store().get(storage::kType) == "ram") {
    print_problem("storage.type = ram: this server keeps nothing on disk; name a folder: --check-storage FOLDER");
    return {};
  }
  return load_storage_settings(configuration).folder;
}

std::unique_ptr<storage::KvStore> open_store(const std::filesystem::path& folder) {
  storage::StoreStatus status;
  storage::OpenReport report;
  auto store = storage::RocksDbStore::open({.folder = folder, .read_only = true}, status, &report);
  if (store == nullptr) {
    const bool runs = status.code() == storage::StoreErrc::Locked;
    print_problem(status.text() + (runs ? "; or check a backup of it (sluicectl storage backup)" : ""));
  } else if (!report.cut_log.empty()) {
    fmt::print(
        "the end of {} is torn, as a server leaves it that was killed: the next start cuts off {} bytes, {} "
        "writes\n",
        report.cut_log, report.dropped_bytes, report.dropped_writes);
  }
  return store;
}

void print_tables(const StoreSummary& summary) {
  fmt::print("{:<14} {:>12} {:>16}\n", "table", "records", "bytes");
  for (std::size_t table = 0; table < storage::kTables; ++table) {
    const StoreSummary::TableSize& size = summary.tables[table];
    fmt::print("{:<14} {:>12} {:>16}\n", storage::kTableNames[table], size.records, size.bytes);
  }
}

void print_summary(const StoreSummary& summary, const std::filesystem::path& folder) {
  print_tables(summary);
  fmt::print("sessions: {}\nqueued messages: {}\nretained messages: {}\n", summary.sessions, summary.queued,
             summary.retained);
  fmt::print("of no use, erased by the next start: {} records without their session, {} messages without a queue\n",
             summary.orphans, summary.unused_messages);
  const std::uint64_t written = storage::WrittenMark::peek(folder / "WRITTEN");
  if (written > summary.last_batch) {
    fmt::print("at least {} batches were written and are gone: the machine lost power, or files were changed by hand\n",
               written - summary.last_batch);
  }
  if (summary.sound()) {
    fmt::print("{}: sound\n", folder.string());
  } else {
    fmt::print("{}: damaged, {} problems\n", folder.string(), summary.problems);
  }
}

}  // namespace

int check_storage(const Options& options) {
  // What RocksDB says of its own is in the problems, or of no interest here.
  log::Settings silent;
  silent.console = "off";
  log::configure(silent);
  const std::filesystem::path folder = store_folder(options);
  if (folder.empty()) return 1;
  const std::unique_ptr<storage::KvStore> store = open_store(folder);
  if (store == nullptr) return 1;
  const StoreSummary summary = storage::StoreCheck(*store, print_problem).run();
  print_summary(summary, folder);
  return summary.sound() ? 0 : 1;
}

}  // namespace sluice::app

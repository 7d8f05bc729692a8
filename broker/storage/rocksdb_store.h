// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "broker/storage/kv_store.h"
#include "broker/storage/store_status.h"

namespace sluice::storage {

/// Where a store lies, and what it may take.
struct RocksDbSettings {
  std::filesystem::path folder;
  /// Write buffers and caches together. Taken as they fill: an idle store has a few megabytes.
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
  /// The write-ahead log, about: what has to be read again after a crash.
  std::uint64_t max_log_bytes = std::uint64_t{128} << 20;
  /// Changes nothing in the folder, and refuses every write.
  bool read_only = false;
  /// Opens although the log is damaged where it was safe already, and drops all that lies behind the damage.
  bool accept_log_loss = false;
};

/// What opening a store found and did.
struct OpenReport {
  bool created = false;              ///< there was none
  std::string cut_log;               ///< the log whose end was torn; empty: none was
  std::uint64_t dropped_bytes = 0;   ///< cut off
  std::uint64_t dropped_writes = 0;  ///< begun or lying behind the cut, as far as they can be told; none was synced
};

/// A KvStore on RocksDB: one column family a table, one write-ahead log for all of them.
/// A torn end of the log (the process was killed, power was cut) is cut off and reported. A log that is damaged before
/// its end, or any other damaged file, is refused: Corrupt, with the file in the text.
struct RocksDbStore {
  /// Null: `status` says why. Makes the folder if there is none (not if read_only). Takes as long as reading the log.
  static std::unique_ptr<KvStore> open(const RocksDbSettings& settings, StoreStatus& status,
                                       OpenReport* report = nullptr);
};

}  // namespace sluice::storage

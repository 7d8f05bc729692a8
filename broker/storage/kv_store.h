// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/storage/store_status.h"
#include "broker/storage/write_batch.h"

namespace sluice::storage {

/// When write() returns.
enum class Durability : std::uint8_t {
  Process,  ///< the operating system has it: it survives the end of the process
  Power,    ///< the device has it: it survives the loss of power
};

/// What a store takes and holds.
struct StoreFigures {
  std::uint64_t disk_bytes = 0;             ///< files of the store, log included
  std::uint64_t memory_bytes = 0;           ///< write buffers and caches
  std::uint64_t log_bytes_written = 0;      ///< since the store was opened
  std::uint64_t flush_bytes_written = 0;    ///< "
  std::uint64_t compact_bytes_written = 0;  ///< "
};

/// Keys and values in tables, ordered by key (bytes, unsigned). Knows nothing of what they mean.
/// Thread safety: `write` and `recover` on one thread at a time; everything else on any thread, beside them.
class KvStore {
 public:
  virtual ~KvStore() = default;

  /// Applies all batches, in order, as one: after a crash all of them are there or none. A failed write may have been
  /// applied or not; the same batches may be written again after recover().
  virtual StoreStatus write(std::span<const WriteBatch* const> batches, Durability durability) = 0;
  /// What was written before the call survives the loss of power when it returns. May take long; does not hold up
  /// write().
  virtual StoreStatus sync() = 0;
  /// After a failed write or sync: tries to make the store writable again. Success: write() may be called.
  virtual StoreStatus recover() = 0;

  /// `value` is empty if there is no such key.
  virtual StoreStatus get(Table table, std::string_view key, std::optional<std::string>& value) const = 0;
  /// Visits the keys that begin with `prefix`, in order, from `from` on (empty: the first), as they were when the call
  /// began, until the visitor returns false. The views live for the visit only.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual StoreStatus scan(Table table, std::string_view prefix, std::string_view from,
                           const Visitor& visitor) const = 0;

  [[nodiscard]] virtual StoreFigures figures() const = 0;
  /// Gives back the space of what was erased. Takes long; not on a shard.
  virtual StoreStatus compact() = 0;
  /// A compact() under way ends soon, and so do all later ones: the store is about to be closed.
  virtual void cancel_compaction() {}
  /// A consistent copy in `folder`, which must not exist yet; opens like the store itself.
  virtual StoreStatus backup(const std::filesystem::path& folder) = 0;
  /// Reads every byte of the store and compares checksums. Takes long.
  virtual StoreStatus verify() = 0;
};

}  // namespace sluice::storage

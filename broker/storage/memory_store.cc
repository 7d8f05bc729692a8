// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/memory_store.h"

#include <algorithm>
#include <mutex>
#include <system_error>

namespace sluice::storage {

StoreStatus MemoryStore::write(std::span<const WriteBatch* const> batches, Durability) {
  const std::unique_lock lock(mutex_);
  for (const WriteBatch* batch : batches) {
    log_bytes_ += batch->bytes();
    batch->for_each([this](const WriteBatch::Change& change) {
      Rows& rows = tables_[static_cast<std::size_t>(change.table)];
      if (change.op == WriteBatch::Op::Put) {
        rows.insert_or_assign(std::string(change.key), std::string(change.value));
      } else if (const auto row = rows.find(change.key); row != rows.end()) {
        rows.erase(row);
      }
    });
  }
  return {};
}

StoreStatus MemoryStore::get(Table table, std::string_view key, std::optional<std::string>& value) const {
  const std::shared_lock lock(mutex_);
  const Rows& rows = tables_[static_cast<std::size_t>(table)];
  const auto row = rows.find(key);
  if (row == rows.end()) {
    value.reset();
  } else {
    value = row->second;
  }
  return {};
}

StoreStatus MemoryStore::scan(Table table, std::string_view prefix, std::string_view from,
                              const Visitor& visitor) const {
  const std::shared_lock lock(mutex_);
  const Rows& rows = tables_[static_cast<std::size_t>(table)];
  for (auto row = rows.lower_bound(std::max(prefix, from)); row != rows.end(); ++row) {
    if (!row->first.starts_with(prefix) || !visitor(row->first, row->second)) break;
  }
  return {};
}

StoreFigures MemoryStore::figures() const {
  const std::shared_lock lock(mutex_);
  StoreFigures figures;
  for (const Rows& rows : tables_) {
    for (const auto& [key, value] : rows) figures.memory_bytes += key.size() + value.size();
  }
  figures.log_bytes_written = log_bytes_;
  return figures;
}

StoreStatus MemoryStore::backup(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::create_directory(folder, error)) return {};
  if (!error) return {StoreErrc::Refused, folder.string() + ": exists already; a backup needs a folder of its own"};
  return {StoreErrc::NotFound, folder.string() + ": cannot be made: " + error.message()};
}

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <shared_mutex>
#include <string>

#include "broker/storage/kv_store.h"

namespace sluice::storage {

/// A KvStore that forgets everything with the process: for tests of what stands on a store.
/// `backup` writes nothing but an empty folder. Scans hold up writers.
class MemoryStore final : public KvStore {
 public:
  StoreStatus write(std::span<const WriteBatch* const> batches, Durability durability) override;
  StoreStatus sync() override { return {}; }
  StoreStatus recover() override { return {}; }
  StoreStatus get(Table table, std::string_view key, std::optional<std::string>& value) const override;
  StoreStatus scan(Table table, std::string_view prefix, std::string_view from, const Visitor& visitor) const override;
  [[nodiscard]] StoreFigures figures() const override;
  StoreStatus compact() override { return {}; }
  StoreStatus backup(const std::filesystem::path& folder) override;
  StoreStatus verify() override { return {}; }

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;

  mutable std::shared_mutex mutex_;  // guards tables_ and log_bytes_
  std::array<Rows, kTables> tables_;
  std::uint64_t log_bytes_ = 0;
};

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/storage/rocksdb_engine.h"
#include "broker/storage/rocksdb_store.h"
#include "tests/support/temp_dir.h"

namespace sluice::storage {

/// The key of a test's row: rows in the order of their numbers, as a queue's are.
inline std::string row_key(std::uint64_t number) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i) & 0xff);
  return key;
}

/// A store of RocksDB in a temporary folder, filled with numbered rows in the order of their numbers.
class RocksDbFixture : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path folder() const { return temp_.path() / "store"; }
  /// Null, with the status in status_, if it cannot be opened.
  std::unique_ptr<KvStore> try_open(const RocksDbSettings& settings,
                                    const std::shared_ptr<rocksdb::FileSystem>& file_system = nullptr) {
    report_ = {};
    return RocksDbEngine::open(settings, file_system, status_, &report_);
  }
  std::unique_ptr<KvStore> open(const std::filesystem::path& where) {
    auto store = try_open({.folder = where});
    EXPECT_NE(store, nullptr) << status_.text();
    return store;
  }
  static StoreStatus write_row(KvStore& store, std::uint64_t number, std::size_t bytes = 10,
                               Durability durability = Durability::Process) {
    WriteBatch batch;
    batch.put(Table::Queues, row_key(number), std::string(bytes, static_cast<char>('a' + number % 26)));
    const WriteBatch* const batches[] = {&batch};
    return store.write(batches, durability);
  }
  static void write_rows(KvStore& store, std::uint64_t from, std::uint64_t to, std::size_t bytes = 10) {
    for (std::uint64_t number = from; number < to; ++number) {
      const StoreStatus status = write_row(store, number, bytes);
      ASSERT_TRUE(status.ok()) << status.text();
    }
  }
  /// How many rows there are; fails if they are not the first ones.
  static std::uint64_t count_rows(const KvStore& store) {
    std::uint64_t count = 0;
    const StoreStatus status = store.scan(Table::Queues, {}, {}, [&](std::string_view key, std::string_view value) {
      EXPECT_EQ(key, row_key(count)) << "row " << count << " is missing";
      EXPECT_EQ(value.front(), static_cast<char>('a' + count % 26));
      ++count;
      return !testing::Test::HasFailure();
    });
    EXPECT_TRUE(status.ok()) << status.text();
    return count;
  }
  /// The folder as a kill of the process would leave it.
  [[nodiscard]] std::filesystem::path killed(std::string_view name) const {
    const std::filesystem::path copy = temp_.path() / name;
    // RocksDB's threads go on meanwhile: a copy counts if no file came, went or grew while it was made.
    for (std::map<std::filesystem::path, std::uint64_t> before; before.empty() || before != sizes(folder());) {
      before = sizes(folder());
      std::filesystem::remove_all(copy);
      std::filesystem::create_directory(copy);
      std::error_code gone;
      for (const auto& [file, size] : before) std::filesystem::copy(file, copy / file.filename(), gone);
    }
    return copy;
  }
  static std::map<std::filesystem::path, std::uint64_t> sizes(const std::filesystem::path& where) {
    std::map<std::filesystem::path, std::uint64_t> found;
    for (const auto& entry : std::filesystem::directory_iterator(where)) {
      std::error_code gone;
      found.emplace(entry.path(), entry.file_size(gone));
    }
    return found;
  }
  /// The files of a folder that end so, in order.
  static std::vector<std::filesystem::path> files(const std::filesystem::path& where, std::string_view ending) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(where)) {
      if (entry.path().native().ends_with(ending)) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }
  static void flip(const std::filesystem::path& file, std::uint64_t at);

  test::TempDir temp_;
  StoreStatus status_;
  OpenReport report_;
};

inline void RocksDbFixture::flip(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
  bytes.seekg(static_cast<std::streamoff>(at));
  const int byte = bytes.get();
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(byte ^ 0x40));
  ASSERT_TRUE(bytes.good()) << file;
}

}  // namespace sluice::storage

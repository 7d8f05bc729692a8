// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/rocksdb_store.h"

#include <atomic>
#include <cerrno>
#include <rocksdb/db.h>
#include <thread>

#include "broker/storage/system_status.h"
#include "tests/unit/storage/rocksdb_fixture.h"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

class RocksDbStoreTest : public RocksDbFixture {};

TEST_F(RocksDbStoreTest, KeepsEverythingOverACleanEnd) {
  auto store = open(folder());
  EXPECT_TRUE(report_.created);
  write_rows(*store, 0, 100);
  WriteBatch batch;
  batch.put(Table::Users, "u", "1");
  batch.erase_once(Table::Queues, row_key(99));
  const WriteBatch* const batches[] = {&batch};
  ASSERT_TRUE(store->write(batches, Durability::Power).ok());
  store.reset();
  store = open(folder());
  EXPECT_FALSE(report_.created);
  EXPECT_EQ(report_.dropped_bytes, 0U);
  EXPECT_EQ(count_rows(*store), 99U);
  std::optional<std::string> value;
  ASSERT_TRUE(store->get(Table::Users, "u", value).ok());
  EXPECT_EQ(value, "1");
}

TEST_F(RocksDbStoreTest, AKillLosesNothing) {
  const auto store = open(folder());
  for (std::uint64_t rows = 0; rows < 300; rows += 100) {
    write_rows(*store, rows, rows + 100, 1000);
    EXPECT_EQ(count_rows(*open(killed("copy"))), rows + 100);
    EXPECT_EQ(report_.dropped_bytes, 0U);
  }
}

TEST_F(RocksDbStoreTest, ASecondUserIsRefused) {
  const auto store = open(folder());
  EXPECT_EQ(try_open({.folder = folder()}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::Locked);
  EXPECT_NE(status_.text().find(folder().string()), std::string::npos);
  EXPECT_EQ(try_open({.folder = folder(), .read_only = true}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::Locked);
  write_rows(*store, 0, 1);
}

TEST_F(RocksDbStoreTest, AnUnknownTableIsOfALaterVersion) {
  write_rows(*open(folder()), 0, 1);
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, folder(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(names.size());
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  rocksdb::DB* raw = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_TRUE(rocksdb::DB::Open({}, folder(), families, &handles, &raw).ok());
  rocksdb::ColumnFamilyHandle* future = nullptr;
  ASSERT_TRUE(raw->CreateColumnFamily({}, "future", &future).ok());
  handles.push_back(future);
  for (rocksdb::ColumnFamilyHandle* handle : handles) raw->DestroyColumnFamilyHandle(handle);
  delete raw;
  EXPECT_EQ(try_open({.folder = folder()}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::NewerFormat);
  EXPECT_NE(status_.text().find("future"), std::string::npos);
}

TEST_F(RocksDbStoreTest, ATableThatAnEarlierVersionDidNotHaveIsMade) {
  rocksdb::Options options;
  options.create_if_missing = true;
  fs::create_directory(folder());
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder(), &raw).ok());
  delete raw;
  {
    const auto read_only = try_open({.folder = folder(), .read_only = true});
    ASSERT_NE(read_only, nullptr) << status_.text();
    EXPECT_EQ(count_rows(*read_only), 0U);
    EXPECT_TRUE(read_only->verify().ok());
  }
  const auto store = open(folder());
  write_rows(*store, 0, 1);
  EXPECT_EQ(count_rows(*store), 1U);
}

TEST_F(RocksDbStoreTest, ReadOnlyChangesNothing) {
  EXPECT_EQ(try_open({.folder = folder(), .read_only = true}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::NotFound);
  EXPECT_FALSE(fs::exists(folder()));
  {
    const auto writer = open(folder());
    write_rows(*writer, 0, 10);
  }
  const fs::path log = files(folder(), ".log").back();
  fs::resize_file(log, fs::file_size(log) - 1);
  const auto names = files(folder(), "");
  {
    const auto store = try_open({.folder = folder(), .read_only = true});
    ASSERT_NE(store, nullptr) << status_.text();
    EXPECT_EQ(report_.cut_log, log.string());
    EXPECT_EQ(count_rows(*store), 9U);
    EXPECT_EQ(write_row(*store, 10).code(), StoreErrc::Refused);
    EXPECT_EQ(store->compact().code(), StoreErrc::Refused);
    EXPECT_TRUE(store->verify().ok());
    EXPECT_TRUE(store->sync().ok());
    EXPECT_TRUE(store->recover().ok());
  }
  EXPECT_EQ(files(folder(), ""), names);
}

TEST_F(RocksDbStoreTest, ABackupMadeWhileWritingIsConsistent) {
  const auto store = open(folder());
  std::atomic<std::uint64_t> written = 0;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t number = 0; !stop; ++number) {
      WriteBatch batch;
      batch.put(Table::Queues, row_key(number), std::string(100, static_cast<char>('a' + number % 26)));
      batch.put(Table::Meta, "count", std::to_string(number + 1));
      const WriteBatch* const batches[] = {&batch};
      EXPECT_TRUE(store->write(batches, Durability::Process).ok());
      written = number + 1;
    }
  });
  for (int round = 0; round < 3; ++round) {
    const std::uint64_t before = written;
    const fs::path copy = temp_.path() / ("backup" + std::to_string(round));
    const StoreStatus status = store->backup(copy);
    EXPECT_TRUE(status.ok()) << status.text();
    const auto opened = open(copy);
    const std::uint64_t rows = count_rows(*opened);
    EXPECT_GE(rows, before);
    std::optional<std::string> count;
    ASSERT_TRUE(opened->get(Table::Meta, "count", count).ok());
    EXPECT_EQ(count.value_or("0"), std::to_string(rows));
  }
  stop = true;
  writer.join();
}

TEST_F(RocksDbStoreTest, ReadersSeeWholeWritesWhileOthersAreMade) {
  const auto store = open(folder());
  write_rows(*store, 0, 1);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t number = 1; !stop && number < 20'000; ++number) {
      WriteBatch batch;  // the rows 0 … number, of which each write replaces the last one
      batch.put(Table::Queues, row_key(number), std::string(10, static_cast<char>('a' + number % 26)));
      batch.put(Table::Queues, row_key(1'000'000 + number), "z");
      batch.erase_once(Table::Queues, row_key(1'000'000 + number - 1));
      const WriteBatch* const batches[] = {&batch};
      EXPECT_TRUE(store->write(batches, Durability::Process).ok());
    }
  });
  for (int round = 0; round < 50; ++round) {
    std::uint64_t next = 0;
    std::uint64_t last = 0;
    ASSERT_TRUE(store
                    ->scan(Table::Queues, {}, {},
                           [&](std::string_view key, std::string_view value) {
                             if (value == "z") {
                               EXPECT_EQ(key, row_key(1'000'000 + next - 1));
                               ++last;
                               return true;
                             }
                             EXPECT_EQ(key, row_key(next));
                             ++next;
                             return true;
                           })
                    .ok());
    EXPECT_EQ(last, next > 1 ? 1U : 0U);
    std::optional<std::string> value;
    ASSERT_TRUE(store->get(Table::Queues, row_key(next - 1), value).ok());
    EXPECT_TRUE(value.has_value());
    ASSERT_TRUE(store->sync().ok());
  }
  stop = true;
  writer.join();
}

TEST_F(RocksDbStoreTest, FiguresFollowWhatHappens) {
  const auto store = open(folder());
  write_rows(*store, 0, 1000, 1000);
  EXPECT_GE(store->figures().log_bytes_written, 1'000'000U);
  EXPECT_GE(store->figures().disk_bytes, 1'000'000U);
  EXPECT_GE(store->figures().memory_bytes, 1'000'000U);
  ASSERT_TRUE(store->compact().ok());
  EXPECT_GE(store->figures().flush_bytes_written, 1'000U);
  EXPECT_GE(store->figures().compact_bytes_written, 1'000U);
  EXPECT_EQ(count_rows(*store), 1000U);
}

TEST_F(RocksDbStoreTest, AFolderThatCannotBeMadeIsNamed) {
  const std::string file = temp_.write("file", "");
  EXPECT_EQ(try_open({.folder = fs::path(file) / "store"}), nullptr);
  EXPECT_NE(status_.text().find(file), std::string::npos);
  EXPECT_FALSE(status_.ok());
}

TEST_F(RocksDbStoreTest, ALossOfTheListOfFilesIsNoNewStore) {
  write_rows(*open(folder()), 0, 1);
  fs::remove(folder() / "CURRENT");
  EXPECT_EQ(try_open({.folder = folder()}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::Corrupt);
  EXPECT_NE(status_.text().find("CURRENT"), std::string::npos);
}

TEST(SystemStatus, TellsWhatAnErrorMeans) {
  EXPECT_EQ(system_status(ENOSPC, "f").code(), StoreErrc::NoSpace);
  EXPECT_EQ(system_status(EDQUOT, "f").code(), StoreErrc::NoSpace);
  EXPECT_EQ(system_status(EROFS, "f").code(), StoreErrc::ReadOnly);
  EXPECT_EQ(system_status(EACCES, "f").code(), StoreErrc::ReadOnly);
  EXPECT_EQ(system_status(EIO, "/a/f").code(), StoreErrc::Io);
  EXPECT_EQ(system_status(EIO, "/a/f").text().substr(0, 5), "/a/f:");
  EXPECT_EQ(system_errc("While appending to file: /x: Disk quota exceeded"), StoreErrc::NoSpace);
  EXPECT_EQ(system_errc("IO error: /x: Read-only file system"), StoreErrc::ReadOnly);
  EXPECT_EQ(system_errc("IO error: /x: Input/output error"), StoreErrc::Io);
}

}  // namespace
}  // namespace sluice::storage

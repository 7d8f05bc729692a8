// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "broker/storage/log_check.h"
#include "broker/storage/log_scan.h"
#include "tests/unit/storage/rocksdb_fixture.h"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

class LogDamageTest : public RocksDbFixture {
 protected:
  static fs::path log_of(const fs::path& where) { return files(where, ".log").back(); }
  /// Writes rows and sees what the log looks like then.
  fs::path write_log(std::uint64_t rows, std::size_t bytes) {
    const auto store = open(folder());
    write_rows(*store, 0, rows - 1, bytes);
    before_last_ = fs::file_size(log_of(folder()));
    write_rows(*store, rows - 1, rows, bytes);
    after_last_ = fs::file_size(log_of(folder()));
    return killed("killed");
  }
  StoreErrc check(const fs::path& where, bool accept_loss = false) {
    check_ = {};
    status_ = check_logs(where, accept_loss, check_);
    return status_.code();
  }

  std::uint64_t before_last_ = 0;
  std::uint64_t after_last_ = 0;
  LogCheck check_;
};

TEST_F(LogDamageTest, ATornEndIsCutAtEveryLength) {
  write_log(5, 1);
  for (std::uint64_t length = before_last_; length <= after_last_; ++length) {
    const fs::path copy = killed("torn");
    fs::resize_file(log_of(copy), length);
    const std::string log = log_of(copy).string();
    const auto store = open(copy);
    const bool whole = length == after_last_;
    EXPECT_EQ(count_rows(*store), whole ? 5U : 4U);
    EXPECT_EQ(report_.dropped_bytes, whole ? 0 : length - before_last_);
    EXPECT_EQ(report_.dropped_writes, whole || length == before_last_ ? 0U : 1U);
    EXPECT_EQ(report_.cut_log, report_.dropped_bytes == 0 ? "" : log);
    ASSERT_TRUE(write_row(*store, whole ? 5 : 4).ok());
    EXPECT_EQ(count_rows(*store), whole ? 6U : 5U);
  }
}

TEST_F(LogDamageTest, ATornEndIsFoundAtEveryLengthOfAWriteThatSpansBlocks) {
  const fs::path copy = write_log(3, 40'000);
  for (std::uint64_t length = after_last_; length-- > before_last_;) {
    if (length % 97 != 0 && length - before_last_ > 10 && length % 32768 > 10 && length % 32768 < 32758) continue;
    fs::resize_file(log_of(copy), length);
    ASSERT_EQ(check(copy), StoreErrc::None) << status_.text();
    const bool torn = length != before_last_;
    ASSERT_EQ(check_.cuts.size(), torn ? 1U : 0U) << length;
    if (torn) {
      ASSERT_EQ(check_.cuts.front().length, before_last_);
    }
  }
}

TEST_F(LogDamageTest, AFlippedByteBeforeTheLastWriteIsRefused) {
  const fs::path copy = write_log(40, 1000);
  ASSERT_GT(before_last_, 32768U);  // more than one block
  const fs::path log = log_of(copy);
  for (std::uint64_t at = 0; at < before_last_; ++at) {
    if (at % 11 != 0 && at % 1024 > 60) continue;
    flip(log, at);
    ASSERT_EQ(check(copy), StoreErrc::Corrupt) << at;
    ASSERT_NE(status_.text().find(log.string()), std::string::npos);
    flip(log, at);
  }
  ASSERT_EQ(check(copy), StoreErrc::None);
  flip(log, before_last_ / 2);
  EXPECT_EQ(try_open({.folder = copy}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::Corrupt);
  EXPECT_NE(status_.text().find(log.string()), std::string::npos) << status_.text();
  EXPECT_EQ(try_open({.folder = copy, .read_only = true}), nullptr);
  const auto store = try_open({.folder = copy, .accept_log_loss = true});
  ASSERT_NE(store, nullptr) << status_.text();
  const std::uint64_t rows = count_rows(*store);
  EXPECT_GT(rows, 10U);
  EXPECT_LT(rows, 30U);
  EXPECT_EQ(report_.dropped_writes + 1, 40 - rows);
}

TEST_F(LogDamageTest, AFlippedByteInTheLastWriteIsATornEnd) {
  const fs::path copy = write_log(40, 1000);
  for (std::uint64_t at = before_last_; at < after_last_; ++at) {
    flip(log_of(copy), at);
    ASSERT_EQ(check(copy), StoreErrc::None) << status_.text();
    ASSERT_EQ(check_.cuts.size(), 1U);
    ASSERT_EQ(check_.cuts.front().length, before_last_);
    flip(log_of(copy), at);
  }
}

TEST_F(LogDamageTest, ASectorThatNeverReachedTheDeviceEndsTheLogUnlessItWasSynced) {
  {
    const auto store = open(folder());
    write_rows(*store, 0, 20, 1000);
    ASSERT_TRUE(store->sync().ok());
    write_rows(*store, 20, 40, 1000);
    const fs::path copy = killed("hole");
    const auto zero = [&](std::uint64_t at) {
      std::fstream file(log_of(copy), std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(at));
      file << std::string(512, '\0');
    };
    zero(30 * 1024);
    EXPECT_EQ(check(copy), StoreErrc::None) << status_.text();
    EXPECT_EQ(count_rows(*open(copy)), 29U);
    EXPECT_GT(report_.dropped_writes, 8U);
  }
  const fs::path copy = killed("synced");
  std::fstream file(log_of(copy), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(10 * 1024);
  file << std::string(512, '\0');
  file.close();
  EXPECT_EQ(check(copy), StoreErrc::Corrupt);
}

TEST_F(LogDamageTest, AnEndThatIsMissingBeforeAnotherLogIsRefused) {
  const fs::path copy = write_log(5, 100);
  const fs::path log = log_of(copy);
  {
    const auto store = open(folder());
    write_rows(*store, 5, 10);
    fs::copy(log_of(folder()), copy);
  }
  ASSERT_EQ(files(copy, ".log").size(), 2U);
  for (const std::uint64_t length : {before_last_, before_last_ + 1, after_last_ - 1}) {
    fs::resize_file(log, length);
    EXPECT_EQ(check(copy), StoreErrc::Corrupt) << length;
    EXPECT_NE(status_.text().find(log.string()), std::string::npos);
  }
  const auto store = try_open({.folder = copy, .accept_log_loss = true});
  ASSERT_NE(store, nullptr) << status_.text();
  EXPECT_EQ(count_rows(*store), 4U);
}

TEST_F(LogDamageTest, OneLogGoesOnWhereAnotherEnds) {
  const fs::path copy = write_log(5, 100);
  {
    const auto store = open(folder());
    write_rows(*store, 5, 10);
    fs::copy(log_of(folder()), copy);
  }
  EXPECT_EQ(count_rows(*open(copy)), 10U);
  EXPECT_EQ(report_.dropped_bytes, 0U);
}

TEST_F(LogDamageTest, APayloadThatLooksLikeAWriteDoesNotMakeATornEndDamage) {
  const auto store = open(folder());
  write_rows(*store, 0, 1);
  std::ifstream log(log_of(folder()), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(log)), {});
  WriteBatch batch;
  batch.put(Table::Queues, row_key(1), whole + whole + "end");
  const WriteBatch* const batches[] = {&batch};
  ASSERT_TRUE(store->write(batches, Durability::Process).ok());
  const fs::path copy = killed("copy");
  fs::resize_file(log_of(copy), fs::file_size(log_of(copy)) - 1);
  EXPECT_EQ(count_rows(*open(copy)), 1U);
}

TEST_F(LogDamageTest, AFlippedByteInATableIsFoundAndNamed) {
  {
    const auto store = open(folder());
    write_rows(*store, 0, 1000, 100);
    ASSERT_TRUE(store->compact().ok());
    ASSERT_TRUE(store->verify().ok());
  }
  std::uint64_t largest = 0;
  fs::path table;
  for (const fs::path& file : files(folder(), ".sst")) {
    if (fs::file_size(file) > largest) table = file;
    largest = std::max<std::uint64_t>(largest, fs::file_size(file));
  }
  for (const std::uint64_t at : {largest / 3, largest - 10}) {
    flip(table, at);
    StoreStatus status;
    if (const auto store = try_open({.folder = folder()})) {
      status = store->scan(Table::Queues, {}, {}, [](std::string_view, std::string_view) { return true; });
      EXPECT_EQ(store->verify().code(), StoreErrc::Corrupt);
    } else {
      status = status_;
    }
    EXPECT_EQ(status.code(), StoreErrc::Corrupt) << status.text();
    EXPECT_NE(status.text().find(table.filename().string()), std::string::npos) << status.text();
    flip(table, at);
  }
}

TEST_F(LogDamageTest, AFlippedByteInTheListOfFilesIsRefused) {
  write_rows(*open(folder()), 0, 1);
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().filename().string().starts_with("MANIFEST")) flip(entry.path(), 40);
  }
  EXPECT_EQ(try_open({.folder = folder()}), nullptr);
  EXPECT_EQ(status_.code(), StoreErrc::Corrupt);
  EXPECT_NE(status_.text().find(folder().string()), std::string::npos) << status_.text();
}

}  // namespace
}  // namespace sluice::storage

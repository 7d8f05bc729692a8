// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/prefix_memtable.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <rocksdb/db.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sluice::storage {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

/// A database of which all rows lie in one prefix memtable.
class PrefixMemTableTest : public testing::Test {
 protected:
  void SetUp() override {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.allow_concurrent_memtable_write = false;
    options.memtable_factory = make_prefix_memtable_factory();
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, (folder_.path() / "db").string(), &db).ok());
    db_.reset(db);
  }
  Rows forwards() const {
    Rows rows;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    for (at->SeekToFirst(); at->Valid(); at->Next()) rows.emplace_back(at->key().ToString(), at->value().ToString());
    return rows;
  }
  Rows backwards() const {
    Rows rows;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    for (at->SeekToLast(); at->Valid(); at->Prev()) rows.emplace_back(at->key().ToString(), at->value().ToString());
    std::ranges::reverse(rows);
    return rows;
  }

  test::TempDir folder_;
  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(PrefixMemTableTest, AgreesWithAMapInBothDirectionsAndAfterAFlush) {
  std::mt19937 random(11);
  std::map<std::string, std::string> model;
  for (int step = 0; step < 4000; ++step) {
    // Few prefixes, so that one of them has enough entries to be kept sorted; and keys shorter than a prefix.
    std::string key = std::string(random() % 3 * 4, 'p') + std::to_string(random() % 500);
    if (random() % 3 == 0) {
      ASSERT_TRUE(db_->Delete({}, key).ok());
      model.erase(key);
    } else {
      const std::string value = std::to_string(step);
      ASSERT_TRUE(db_->Put({}, key, value).ok());
      model[key] = value;
    }
    if (step % 200 != 0) continue;
    const Rows rows(model.begin(), model.end());
    ASSERT_EQ(forwards(), rows);
    ASSERT_EQ(backwards(), rows);
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    at->SeekForPrev(key);
    const auto above = model.upper_bound(key);
    ASSERT_EQ(at->Valid(), above != model.begin());
    if (at->Valid()) {
      ASSERT_EQ(at->key().ToString(), std::prev(above)->first);
    }
    std::string value;
    ASSERT_EQ(db_->Get({}, key, &value).ok(), model.contains(key));
  }
  const Rows rows(model.begin(), model.end());
  ASSERT_TRUE(db_->Flush({}).ok());
  EXPECT_EQ(forwards(), rows);
}

TEST_F(PrefixMemTableTest, AnIteratorShowsWhatWasThereWhenItWasMade) {
  ASSERT_TRUE(db_->Put({}, "prefix--b", "1").ok());
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  ASSERT_TRUE(db_->Put({}, "prefix--a", "2").ok());
  ASSERT_TRUE(db_->Put({}, "prefix--b", "2").ok());
  ASSERT_TRUE(db_->Put({}, "another prefix", "2").ok());
  at->SeekToFirst();
  ASSERT_TRUE(at->Valid());
  EXPECT_EQ(at->key().ToString(), "prefix--b");
  EXPECT_EQ(at->value().ToString(), "1");
  at->Next();
  EXPECT_FALSE(at->Valid());
}

TEST_F(PrefixMemTableTest, ReadersOnManyThreadsDoNotDisturbTheWriter) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!stop) {
        const Rows rows = forwards();
        EXPECT_TRUE(std::ranges::is_sorted(rows));
        std::string value;
        if (!rows.empty()) {
          EXPECT_TRUE(db_->Get({}, rows.back().first, &value).ok());
        }
      }
    });
  }
  for (int number = 0; number < 3000; ++number) {
    const std::string key = std::to_string(number % 7) + "-prefix-" + std::to_string(number);
    ASSERT_TRUE(db_->Put({}, key, key).ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(forwards().size(), 3000U);
}

}  // namespace
}  // namespace sluice::storage

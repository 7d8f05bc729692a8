// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/kv_store.h"

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "broker/storage/memory_store.h"
#include "broker/storage/rocksdb_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temp_dir.h"

namespace sluice::storage {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

std::unique_ptr<KvStore> open_memory(const std::filesystem::path&) { return std::make_unique<MemoryStore>(); }
std::unique_ptr<KvStore> open_rocksdb(const std::filesystem::path& folder) {
  StoreStatus status;
  auto store = RocksDbStore::open({.folder = folder}, status);
  EXPECT_TRUE(status.ok()) << status.text();
  return store;
}

using Opener = std::unique_ptr<KvStore> (*)(const std::filesystem::path&);

/// What every KvStore promises.
class KvStoreTest : public testing::TestWithParam<Opener> {
 protected:
  void SetUp() override {
    store_ = GetParam()(folder_.path() / "store");
    ASSERT_NE(store_, nullptr);
  }
  void write(std::vector<const WriteBatch*> batches) {
    const StoreStatus status = store_->write(batches, Durability::Process);
    EXPECT_TRUE(status.ok()) << status.text();
  }
  void write(const WriteBatch& batch) { write(std::vector<const WriteBatch*>{&batch}); }
  void put(Table table, std::string_view key, std::string_view value) {
    WriteBatch batch;
    batch.put(table, key, value);
    write(batch);
  }
  std::optional<std::string> get(Table table, std::string_view key) {
    std::optional<std::string> value = "stale";
    const StoreStatus status = store_->get(table, key, value);
    EXPECT_TRUE(status.ok()) << status.text();
    return value;
  }
  Rows scan(Table table, std::string_view prefix, std::string_view from = {}, std::size_t max = 1000) {
    Rows rows;
    const StoreStatus status = store_->scan(table, prefix, from, [&](std::string_view key, std::string_view value) {
      rows.emplace_back(key, value);
      return rows.size() < max;
    });
    EXPECT_TRUE(status.ok()) << status.text();
    return rows;
  }

  test::TempDir folder_;
  std::unique_ptr<KvStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, KvStoreTest, testing::Values(&open_memory, &open_rocksdb),
                         [](const auto& test) { return test.param == &open_memory ? "Memory" : "RocksDb"; });

TEST_P(KvStoreTest, GivesBackWhatWasPut) {
  EXPECT_EQ(get(Table::Meta, "a"), std::nullopt);
  put(Table::Meta, "a", "1");
  put(Table::Users, "a", "2");
  put(Table::Meta, std::string_view("\0\xff", 2), std::string_view("\0", 1));
  put(Table::Meta, "empty", "");
  EXPECT_EQ(get(Table::Meta, "a"), "1");
  EXPECT_EQ(get(Table::Users, "a"), "2");
  EXPECT_EQ(get(Table::Sessions, "a"), std::nullopt);
  EXPECT_EQ(get(Table::Meta, std::string_view("\0\xff", 2)), std::string(1, '\0'));
  EXPECT_EQ(get(Table::Meta, "empty"), "");
  put(Table::Meta, "a", "3");
  EXPECT_EQ(get(Table::Meta, "a"), "3");
}

TEST_P(KvStoreTest, ErasesWhatIsThereAndWhatIsNot) {
  put(Table::Meta, "a", "1");
  put(Table::Meta, "b", "1");
  WriteBatch batch;
  batch.erase(Table::Meta, "a");
  batch.erase_once(Table::Meta, "b");
  batch.erase(Table::Meta, "c");
  write(batch);
  EXPECT_EQ(scan(Table::Meta, ""), Rows{});
  put(Table::Meta, "b", "2");
  EXPECT_EQ(get(Table::Meta, "b"), "2");
}

TEST_P(KvStoreTest, AppliesChangesInTheirOrder) {
  WriteBatch first;
  first.put(Table::Meta, "a", "1");
  first.put(Table::Meta, "a", "2");
  first.put(Table::Meta, "b", "1");
  WriteBatch second;
  second.erase(Table::Meta, "b");
  second.erase(Table::Meta, "a");
  second.put(Table::Meta, "a", "3");
  WriteBatch none;
  write({&first, &none, &second});
  EXPECT_EQ(scan(Table::Meta, ""), (Rows{{"a", "3"}}));
  write(std::vector<const WriteBatch*>{});
}

TEST_P(KvStoreTest, ScansAPrefixInOrderFromAKeyOnUntilTheVisitorHasEnough) {
  const std::string high = "\xff\xff";
  for (const std::string& key : {std::string("b/2"), std::string("a"), std::string("b/1"), std::string("b"),
                                 std::string("b0"), std::string("b/3"), high, high + "x"})
    put(Table::Queues, key, key + "!");
  EXPECT_EQ(scan(Table::Queues, "b/"), (Rows{{"b/1", "b/1!"}, {"b/2", "b/2!"}, {"b/3", "b/3!"}}));
  EXPECT_EQ(scan(Table::Queues, "b/", "b/2"), (Rows{{"b/2", "b/2!"}, {"b/3", "b/3!"}}));
  EXPECT_EQ(scan(Table::Queues, "b/", "a"), scan(Table::Queues, "b/"));
  EXPECT_EQ(scan(Table::Queues, "b/", "b/9"), Rows{});
  EXPECT_EQ(scan(Table::Queues, "b/", "c"), Rows{});
  EXPECT_EQ(scan(Table::Queues, "", "", 2), (Rows{{"a", "a!"}, {"b", "b!"}}));
  EXPECT_EQ(scan(Table::Queues, high), (Rows{{high, high + "!"}, {high + "x", high + "x!"}}));
  EXPECT_EQ(scan(Table::Queues, "").size(), 8U);
}

TEST(FaultyStoreTest, FailsFromTheCallThatWasAskedForUntilItIsRecovered) {
  test::FaultyStore store(std::make_unique<MemoryStore>());
  WriteBatch batch;
  batch.put(Table::Meta, "a", "1");
  const WriteBatch* const batches[] = {&batch};
  store.fail_after(1, StoreErrc::NoSpace, 1, test::FaultyStore::Applied::Yes);
  EXPECT_TRUE(store.sync().ok());
  EXPECT_EQ(store.write(batches, Durability::Process).code(), StoreErrc::NoSpace);
  EXPECT_EQ(store.recover().code(), StoreErrc::NoSpace);
  EXPECT_EQ(store.sync().code(), StoreErrc::NoSpace);
  EXPECT_TRUE(store.recover().ok());
  EXPECT_TRUE(store.write(batches, Durability::Process).ok());
}

TEST_P(KvStoreTest, AgreesWithAMapUnderRandomChanges) {
  std::mt19937 random(3);
  std::map<std::string, std::string> model;
  const auto any_key = [&] {
    std::string key(random() % 20, '\0');
    for (char& byte : key) byte = "\0a\xff"[random() % 3];
    return key;
  };
  for (int round = 0; round < 300; ++round) {
    WriteBatch batch;
    for (int change = 0; change < 10; ++change) {
      const std::string key = any_key();
      if (const auto row = model.find(key); row != model.end()) {
        batch.erase_once(Table::Queues, key);
        model.erase(row);
      } else {
        model[key] = std::to_string(random());
        batch.put(Table::Queues, key, model[key]);
      }
    }
    write(batch);
    const std::string prefix = any_key().substr(0, 9);
    const std::string from = any_key();
    Rows expected;
    for (const auto& row : model) {
      if (row.first.starts_with(prefix) && row.first >= from) expected.emplace_back(row);
    }
    ASSERT_EQ(scan(Table::Queues, prefix, from, 100'000), expected);
    const auto row = model.find(from);
    ASSERT_EQ(get(Table::Queues, from), row == model.end() ? std::nullopt : std::optional(row->second));
    if (round % 100 == 50) {
      ASSERT_TRUE(store_->compact().ok());
    }
  }
  EXPECT_TRUE(store_->verify().ok());
}

TEST_P(KvStoreTest, ABackupNeedsAFolderOfItsOwn) {
  const StoreStatus refused = store_->backup(folder_.path());
  EXPECT_EQ(refused.code(), StoreErrc::Refused);
  EXPECT_NE(refused.text().find(folder_.path().string()), std::string::npos);
  EXPECT_TRUE(store_->backup(folder_.path() / "backup").ok());
  EXPECT_EQ(store_->backup(folder_.path() / "backup").code(), StoreErrc::Refused);
  EXPECT_EQ(store_->backup(folder_.path() / "none" / "backup").code(), StoreErrc::NotFound);
}

}  // namespace
}  // namespace sluice::storage

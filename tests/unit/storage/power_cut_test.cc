// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <random>

#include "tests/support/power_cut_file_system.h"
#include "tests/unit/storage/rocksdb_fixture.h"

namespace sluice::storage {
namespace {

using test::PowerCutFileSystem;
using test::Unsynced;

class PowerCutTest : public RocksDbFixture, public testing::WithParamInterface<Unsynced> {
 protected:
  std::unique_ptr<KvStore> open_store() {
    auto store = try_open({.folder = folder(), .memory_bytes = 4 << 20}, files_);
    EXPECT_NE(store, nullptr) << status_.text();
    return store;
  }
  void cut(std::unique_ptr<KvStore> store) {
    files_->cut_power();
    store.reset();
    files_->lose(GetParam());
  }

  std::shared_ptr<PowerCutFileSystem> files_ = std::make_shared<PowerCutFileSystem>();
};

INSTANTIATE_TEST_SUITE_P(Unsynced, PowerCutTest, testing::Values(Unsynced::Lost, Unsynced::Half, Unsynced::Holes),
                         [](const auto& test) {
                           return test.param == Unsynced::Lost   ? "Lost"
                                  : test.param == Unsynced::Half ? "Half"
                                                                 : "Holes";
                         });

TEST_P(PowerCutTest, WhatWasWrittenForPowerIsThere) {
  for (std::uint64_t rows = 0; rows < 60; rows += 15) {
    auto store = open_store();
    ASSERT_EQ(count_rows(*store), rows);
    for (std::uint64_t row = rows; row < rows + 15; ++row) {
      ASSERT_TRUE(write_row(*store, row, 100 * row + 1, Durability::Power).ok());
    }
    cut(std::move(store));
  }
}

TEST_P(PowerCutTest, OnlyAnUnsyncedEndIsLost) {
  std::mt19937 random(7);
  std::uint64_t rows = 0;
  for (int round = 0; round < 8; ++round) {
    auto store = open_store();
    std::uint64_t safe = rows;
    // Enough to fill several write buffers in some of the rounds.
    for (std::uint64_t left = random() % 6000; left > 0; --left) {
      ASSERT_TRUE(write_row(*store, rows, random() % 1000 + 1).ok());
      ++rows;
      if (random() % 1500 != 0) continue;
      ASSERT_TRUE(store->sync().ok());
      safe = rows;
    }
    cut(std::move(store));
    store = open_store();
    ASSERT_NE(store, nullptr);
    const std::uint64_t kept = count_rows(*store);
    EXPECT_GE(kept, safe);
    EXPECT_LE(kept, rows);
    rows = kept;
    cut(std::move(store));
  }
}

TEST_P(PowerCutTest, AStoreThatWasEndedCleanlyLosesNothing) {
  auto store = open_store();
  write_rows(*store, 0, 100, 100);
  store.reset();
  cut(nullptr);
  EXPECT_EQ(count_rows(*open_store()), 100U);
}

}  // namespace
}  // namespace sluice::storage

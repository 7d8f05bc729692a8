// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "tests/support/power_cut_file_system.h"
#include "tests/unit/storage/rocksdb_fixture.h"

namespace sluice::storage {
namespace {

using rocksdb::IOStatus;
using test::PowerCutFileSystem;
using Call = PowerCutFileSystem::Call;

struct Trouble {
  const char* name;
  Call call;
  const char* ending;
  IOStatus (*error)();
  StoreErrc code;
};

IOStatus no_space() { return IOStatus::NoSpace("No space left on device"); }
IOStatus device() { return IOStatus::IOError("Input/output error"); }

const Trouble kTroubles[] = {
    {"LogFull", Call::Append, ".log", no_space, StoreErrc::NoSpace},
    {"LogBroken", Call::Append, ".log", device, StoreErrc::Io},
    {"LogNotSynced", Call::Sync, ".log", device, StoreErrc::Io},
    {"LogNotMade", Call::Create, ".log", no_space, StoreErrc::NoSpace},
    {"TableFull", Call::Append, ".sst", no_space, StoreErrc::NoSpace},
    {"TableBroken", Call::Append, ".sst", device, StoreErrc::Io},
    {"TableNotSynced", Call::Sync, ".sst", device, StoreErrc::Io},
    {"TableNotMade", Call::Create, ".sst", no_space, StoreErrc::NoSpace},
    {"AllFull", Call::Append, "", no_space, StoreErrc::NoSpace},
    {"NothingSynced", Call::Sync, "", device, StoreErrc::Io},
};

class StoreFaultTest : public RocksDbFixture, public testing::WithParamInterface<Trouble> {
 protected:
  void SetUp() override {
    store_ = try_open({.folder = folder(), .memory_bytes = 4 << 20}, files_);
    ASSERT_NE(store_, nullptr) << status_.text();
  }
  /// Writes rows until one fails.
  StoreStatus write_until_failure(std::uint64_t& rows, Durability durability) {
    for (std::uint64_t end = rows + 50'000; rows < end; ++rows) {
      if (StoreStatus status = write_row(*store_, rows, 1000, durability); !status.ok()) return status;
    }
    return {};
  }

  std::shared_ptr<PowerCutFileSystem> files_ = std::make_shared<PowerCutFileSystem>();
  std::unique_ptr<KvStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Troubles, StoreFaultTest, testing::ValuesIn(kTroubles),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(StoreFaultTest, NothingAcknowledgedIsLostAndTheStoreRecovers) {
  const bool powered = GetParam().call == Call::Sync;
  std::uint64_t rows = 10;
  write_rows(*store_, 0, rows, 1000);
  for (int round = 0; round < 2; ++round) {
    files_->set_fault(PowerCutFileSystem::Fault{GetParam().call, GetParam().ending, GetParam().error()});
    const StoreStatus failed = write_until_failure(rows, powered ? Durability::Power : Durability::Process);
    ASSERT_EQ(failed.code(), GetParam().code) << failed.text();
    EXPECT_FALSE(write_row(*store_, rows).ok());
    // What could be read still can be, and is there for whoever comes after a kill.
    EXPECT_EQ(count_rows(*store_), rows);
    const std::uint64_t killed_rows = count_rows(*open(killed("copy")));
    EXPECT_GE(killed_rows, rows);
    EXPECT_LE(killed_rows, rows + 1);
    files_->set_fault(std::nullopt);
    const StoreStatus recovered = store_->recover();
    ASSERT_TRUE(recovered.ok()) << recovered.text();
    write_rows(*store_, rows, rows + 100, 1000);
    rows += 100;
    EXPECT_EQ(count_rows(*store_), rows);
    EXPECT_EQ(count_rows(*open(killed("copy"))), rows);
  }
  store_.reset();
  EXPECT_EQ(count_rows(*open(folder())), rows);
}

TEST_P(StoreFaultTest, RecoveringWhileTheTroubleLastsFailsAndCanBeTriedAgain) {
  std::uint64_t rows = 0;
  files_->set_fault(PowerCutFileSystem::Fault{GetParam().call, GetParam().ending, GetParam().error()});
  const bool powered = GetParam().call == Call::Sync;
  ASSERT_FALSE(write_until_failure(rows, powered ? Durability::Power : Durability::Process).ok());
  for (int tries = 0; tries < 3; ++tries) {
    static_cast<void>(store_->recover());
    if (std::string_view(GetParam().ending).empty()) {
      EXPECT_EQ(count_rows(*store_), rows);
    }
  }
  files_->set_fault(std::nullopt);
  const StoreStatus recovered = store_->recover();
  ASSERT_TRUE(recovered.ok()) << recovered.text();
  write_rows(*store_, rows, rows + 10, 1000);
  EXPECT_EQ(count_rows(*store_), rows + 10);
}

class RepeatedWriteTest : public StoreFaultTest {};
INSTANTIATE_TEST_SUITE_P(Troubles, RepeatedWriteTest, testing::Values(kTroubles[0], kTroubles[2]),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(RepeatedWriteTest, WhatIsWrittenTwiceAndErasedOnceStaysErased) {
  write_rows(*store_, 0, 1);
  files_->set_fault(PowerCutFileSystem::Fault{GetParam().call, GetParam().ending, GetParam().error()});
  ASSERT_FALSE(write_row(*store_, 1, 10, Durability::Power).ok());
  files_->set_fault(std::nullopt);
  ASSERT_TRUE(store_->recover().ok());
  ASSERT_TRUE(write_row(*store_, 1).ok());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(store_->compact().ok());
    WriteBatch erase;
    erase.erase_once(Table::Queues, row_key(1));
    const WriteBatch* const batches[] = {&erase};
    ASSERT_TRUE(store_->write(batches, Durability::Process).ok());
    EXPECT_EQ(count_rows(*store_), 1U);
    store_.reset();
    store_ = open(folder());
    EXPECT_EQ(count_rows(*store_), 1U);
    ASSERT_TRUE(write_row(*store_, 1).ok());
  }
}

}  // namespace
}  // namespace sluice::storage

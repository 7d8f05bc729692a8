// SPDX-License-Identifier: Apache-2.0
#include "broker/app/core.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/storage_setup.h"
#include "shared/base/thread_annotations.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace sluice::app {
namespace {

using storage::StoreTrouble;
using testing::ElementsAre;

constexpr const char* const kNoEnvironment[] = {nullptr};

Options options_in(const test::TempDir& folder) {
  std::filesystem::create_directories(folder.path() / "etc");
  std::filesystem::create_directories(folder.path() / "data");
  folder.write("etc/sluice.conf", "node.data_dir = " + (folder.path() / "data").string() + "\n");
  Options options;
  options.file = folder.path() / "etc/sluice.conf";
  return options;
}

/// A core with a store, on two shards that run. What its alarms say is written down.
class CoreTest : public testing::Test {
 protected:
  CoreTest() {
    on_raised_ = core_.hooks().alarm_raised.add(0, [this](const hooks::Alarm& alarm) {
      note(std::string(alarm.severity).append(" ").append(alarm.id).append(": ").append(alarm.summary));
      return hooks::Next::Continue;
    });
    on_cleared_ = core_.hooks().alarm_cleared.add(0, [this](std::string_view id) {
      note("clear " + std::string(id));
      return hooks::Next::Continue;
    });
    shards_.start();
  }
  ~CoreTest() override {
    shards_.stop();
    core_.hooks().alarm_raised.remove(on_raised_);
    core_.hooks().alarm_cleared.remove(on_cleared_);
  }
  void note(std::string what) {
    EXPECT_EQ(Shard::current(), &shards_.at(0));
    const MutexLock lock(mutex_);
    told_.push_back(std::move(what));
  }
  /// The first `count`.
  std::vector<std::string> told(std::size_t count) {
    EXPECT_TRUE(test::eventually([&] {
      const MutexLock lock(mutex_);
      return told_.size() >= count;
    }));
    const MutexLock lock(mutex_);
    return told_;
  }

  test::TempDir folder_;
  Configuration configuration_{options_in(folder_), kNoEnvironment};
  ShardGroup shards_{2};
  std::unique_ptr<storage::Storage> storage_ = open_storage(configuration_);
  Core core_{configuration_, shards_, storage_.get(), [](const std::string&) {}};
  std::uint64_t on_raised_ = 0;
  std::uint64_t on_cleared_ = 0;
  Mutex mutex_;
  std::vector<std::string> told_ GUARDED_BY(mutex_);
};

TEST_F(CoreTest, TheStoresTroublesAreAlarms) {
  storage::StoreHealth& health = storage_->health();
  health.begin(StoreTrouble::Failing, "EIO");
  health.begin(StoreTrouble::Failing, "EIO again");
  health.begin(StoreTrouble::Full, "5 of 5 bytes");
  health.end(StoreTrouble::Failing);
  health.begin(StoreTrouble::Slow, "much waits");
  health.end(StoreTrouble::Full);
  health.end(StoreTrouble::Slow);
  EXPECT_THAT(told(6), ElementsAre("critical storage_failing: EIO", "critical storage_full: 5 of 5 bytes",
                                   "clear storage_failing", "warning storage_slow: much waits", "clear storage_full",
                                   "clear storage_slow"));
}

}  // namespace
}  // namespace sluice::app

// SPDX-License-Identifier: Apache-2.0
// The promise of storage.sync, on files that lose at the cut what was not synced.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/storage/rocksdb_engine.h"
#include "tests/support/power_cut_file_system.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/durable/durable_core.h"

namespace sluice::session {
namespace {

using storage::SyncPolicy;
using test::PowerCutFileSystem;
using testing::IsSubsetOf;

class PowerCutTest : public testing::Test {
 protected:
  std::unique_ptr<DurableCore> start(SyncPolicy sync, Duration interval = std::chrono::milliseconds(20)) {
    storage::StoreStatus status;
    auto store = storage::RocksDbEngine::open({.folder = temp_.path() / "store", .memory_bytes = 16 << 20}, files_,
                                              status, nullptr);
    EXPECT_NE(store, nullptr) << status.text();
    return std::make_unique<DurableCore>(
        std::move(store), storage::StorageSettings{.folder = temp_.path(), .sync = sync, .sync_interval = interval});
  }
  void cut(std::unique_ptr<DurableCore> core) {
    files_->cut_power();
    core.reset();
    files_->lose();
  }
  /// A persistent subscriber that is away.
  static void subscribe_away(DurableCore& core, const std::string& id) {
    TestClient& subscriber = core.client(1);
    subscriber.connect(id, {});
    subscriber.subscribe("t/#", Qos::ExactlyOnce);
    subscriber.close();
  }

  test::TempDir temp_;
  std::shared_ptr<PowerCutFileSystem> files_ = std::make_shared<PowerCutFileSystem>();
};

std::vector<std::string> sorted(std::vector<std::string> all) {
  std::ranges::sort(all);
  return all;
}

TEST_F(PowerCutTest, WithSyncAlwaysNothingAcknowledgedIsLost) {
  std::vector<std::string> acknowledged;
  auto core = start(SyncPolicy::Always);
  subscribe_away(*core, "away");
  cut(std::move(core));
  for (int round = 0; round < 5; ++round) {
    core = start(SyncPolicy::Always);
    TestClient& publisher = core->client(0);
    publisher.connect("publisher", {.clean_start = true, .expiry = 0});
    for (int i = 0; i < 40; ++i) {
      const std::string payload = std::to_string(round) + "/" + std::to_string(i);
      publisher.publish_async("t/" + std::to_string(i % 3), payload, i % 2 == 0 ? Qos::AtLeastOnce : Qos::ExactlyOnce);
    }
    // Some are on their way to the device now, and some are there.
    while (publisher.acknowledged().size() < 10) std::this_thread::yield();
    files_->cut_power();
    const std::vector<std::string> now = publisher.acknowledged();
    acknowledged.insert(acknowledged.end(), now.begin(), now.end());
    cut(std::move(core));
  }
  core = start(SyncPolicy::Always);
  TestClient& subscriber = core->client(0);
  EXPECT_TRUE(subscriber.connect("away", {}));
  TestClient& last = core->client(0);
  last.connect("last", {.clean_start = true, .expiry = 0});
  last.publish("t/end", "end", Qos::ExactlyOnce);
  // What was not acknowledged may have come, too.
  std::vector<std::string> received = subscriber.payloads(1);
  for (std::size_t before = 0; received.size() > before && received.back() != "end";) {
    before = received.size();
    received = subscriber.payloads(before + 1);
  }
  EXPECT_THAT(acknowledged, IsSubsetOf(received));
  const std::vector<std::string> in_order = sorted(received);
  EXPECT_EQ(std::ranges::adjacent_find(in_order), in_order.end()) << "nothing twice";
}

TEST_F(PowerCutTest, WithSyncIntervalWhatIsOlderThanTheIntervalIsThere) {
  auto core = start(SyncPolicy::Interval);
  subscribe_away(*core, "away");
  TestClient& publisher = core->client(0);
  publisher.connect("publisher", {.clean_start = true, .expiry = 0});
  EXPECT_EQ(publisher.publish("t/old", "old", Qos::AtLeastOnce), Reason::Success);
  ASSERT_TRUE(core->storage().log().flush());
  const std::uint64_t synced = core->storage().log().last_batch();
  cut(std::move(core));
  core = start(SyncPolicy::Interval);
  EXPECT_GE(core->storage().log().last_batch(), synced);
  TestClient& subscriber = core->client(0);
  EXPECT_TRUE(subscriber.connect("away", {}));
  EXPECT_THAT(subscriber.payloads(1), testing::ElementsAre("old"));
}

TEST_F(PowerCutTest, WithSyncIntervalWhatIsLostIsReported) {
  // The device is never asked in this test's time.
  auto core = start(SyncPolicy::Interval, std::chrono::hours(1));
  subscribe_away(*core, "away");
  ASSERT_TRUE(core->storage().log().flush());
  const std::uint64_t synced = core->storage().log().last_batch();
  TestClient& publisher = core->client(0);
  publisher.connect("publisher", {.clean_start = true, .expiry = 0});
  for (int i = 0; i < 20; ++i) publisher.publish("t", std::to_string(i), Qos::AtLeastOnce);
  const std::uint64_t written = core->storage().log().last_batch();
  cut(std::move(core));
  core = start(SyncPolicy::Interval);
  EXPECT_EQ(core->storage().lost_batches(), written - core->storage().first_batch());
  EXPECT_GE(core->storage().first_batch(), synced);
  EXPECT_LT(core->storage().first_batch(), written);
}

}  // namespace
}  // namespace sluice::session

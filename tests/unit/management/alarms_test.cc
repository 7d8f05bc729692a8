// SPDX-License-Identifier: Apache-2.0
#include "broker/management/alarms.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/unit/management/live_core.h"

namespace sluice::management {
namespace {

TEST(AlarmJson, HasEmqsMembers) {
  EXPECT_EQ(alert_json({"cpu", "warning", "busy", "99 percent"}, 1'432'648'482'999),
            R"({"id":"cpu","severity":"warning","title":"busy","summary":"99 percent","ts":1432648482})");
  EXPECT_EQ(clear_json("cpu", 1'432'648'486'000), R"({"id":"cpu","ts":1432648486})");
}

class AlarmsTest : public ::testing::Test {
 protected:
  AlarmsTest()
      : events_(std::make_unique<EventPublisher>(live_.sessions(), "n@h")),
        alarms_(std::make_unique<Alarms>(*events_, 2)) {}
  ~AlarmsTest() override {
    live_.stop();
    alarms_.reset();
    events_.reset();
  }
  void raise(std::string_view id, std::string_view title = "title") {
    on_shard(live_.shard(1),
             [&] { live_.core().hooks.alarm_raised.run(hooks::Alarm{id, "warning", title, "summary"}); });
  }
  void clear(std::string_view id) {
    on_shard(live_.shard(1), [&] { live_.core().hooks.alarm_cleared.run(id); });
  }

  LiveCore live_;
  std::unique_ptr<EventPublisher> events_;
  std::unique_ptr<Alarms> alarms_;
};

TEST_F(AlarmsTest, ArePublished) {
  FakeClient& watcher = live_.join("watcher");
  watcher.subscribe("$SYS/brokers/n@h/alarms/#");
  raise("queue/c+1");
  ASSERT_TRUE(watcher.await("$SYS/brokers/n@h/alarms/queue/c%2B1/alert"));
  clear("queue/c+1");
  EXPECT_TRUE(watcher.await("$SYS/brokers/n@h/alarms/queue/c%2B1/clear"));
}

TEST_F(AlarmsTest, ArePublishedForARestoredSubscription) {
  const auto asked = [this] {
    bool called = false;
    on_shard(live_.shard(0), [&] {
      events_->publish(
          "alarms", "a", "alert",
          [&] {
            called = true;
            return std::string();
          },
          Qos::AtMostOnce);
    });
    return called;
  };
  on_shard(live_.shard(0), [&] { live_.core().hooks.subscription_restored.run("a/#"); });
  EXPECT_FALSE(asked());
  on_shard(live_.shard(0), [&] { live_.core().hooks.subscription_restored.run("$share/g/$SYS/#"); });
  EXPECT_TRUE(asked());
}

TEST_F(AlarmsTest, AreActiveUntilTheyAreCleared) {
  raise("a");
  raise("b");
  ASSERT_EQ(alarms_->active().size(), 2U);
  EXPECT_EQ(alarms_->active().front().id, "a");
  EXPECT_GT(alarms_->active().front().raised_at, 0);
  clear("a");
  ASSERT_EQ(alarms_->active().size(), 1U);
  EXPECT_EQ(alarms_->active().front().id, "b");
  clear("a");
  EXPECT_EQ(alarms_->active().size(), 1U);
}

TEST_F(AlarmsTest, RaisedAgainIsOneAlarmWithTheNewText) {
  raise("a", "first");
  raise("a", "second");
  ASSERT_EQ(alarms_->active().size(), 1U);
  EXPECT_EQ(alarms_->active().front().title, "second");
}

TEST_F(AlarmsTest, OverTheLimitAreOnlyPublished) {
  FakeClient& watcher = live_.join("watcher");
  watcher.subscribe("$SYS/brokers/n@h/alarms/#");
  raise("a");
  raise("b");
  raise("c");
  EXPECT_EQ(alarms_->active().size(), 2U);
  EXPECT_TRUE(watcher.await("$SYS/brokers/n@h/alarms/c/alert"));
}

}  // namespace
}  // namespace sluice::management

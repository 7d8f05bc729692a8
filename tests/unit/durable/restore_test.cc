// SPDX-License-Identifier: Apache-2.0
// What a server finds that another one left.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/storage/rocksdb_engine.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/durable/durable_core.h"

namespace sluice::session {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class RestoreTest : public testing::Test {
 protected:
  RestoreTest() { start(); }

  void start() {
    storage::StoreStatus status;
    auto store = storage::RocksDbEngine::open({.folder = temp_.path() / "store", .memory_bytes = 16 << 20}, nullptr,
                                              status, nullptr);
    ASSERT_NE(store, nullptr) << status.text();
    core_ = std::make_unique<DurableCore>(std::move(store), storage::StorageSettings{.folder = temp_.path()});
  }
  void restart() {
    core_.reset();
    start();
  }
  TestClient& connected(const std::string& id, const TestClient::Options& options = {}, std::size_t shard = 0) {
    TestClient& client = core_->client(shard);
    present_ = client.connect(id, options);
    return client;
  }
  void publish(int from, int to, Qos qos, const std::string& topic = "t") {
    TestClient& publisher = connected("publisher", {.clean_start = true, .expiry = 0});
    for (int i = from; i < to; ++i) publisher.publish(topic, std::to_string(i), qos);
    publisher.close();
  }

  test::TempDir temp_;
  std::unique_ptr<DurableCore> core_;
  bool present_ = false;
};

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i) all.push_back(std::to_string(i));
  return all;
}

TEST_F(RestoreTest, AQueueComesBackInOrderAndNewMessagesBehindIt) {
  TestClient& first = connected("away");
  first.subscribe("t", Qos::AtLeastOnce);
  first.close();
  publish(0, 100, Qos::AtLeastOnce);
  restart();
  publish(100, 150, Qos::AtLeastOnce);
  TestClient& again = connected("away");
  EXPECT_TRUE(present_);
  EXPECT_EQ(again.payloads(150), numbers(0, 150));
}

TEST_F(RestoreTest, WhatWasAcknowledgedDoesNotComeAgain) {
  TestClient& first = connected("client");
  first.subscribe("t", Qos::AtLeastOnce);
  publish(0, 10, Qos::AtLeastOnce);
  EXPECT_THAT(first.payloads(10), SizeIs(10));
  publish(10, 11, Qos::ExactlyOnce);
  EXPECT_THAT(first.payloads(11), SizeIs(11));
  restart();
  publish(11, 12, Qos::AtLeastOnce);
  TestClient& again = connected("client");
  EXPECT_TRUE(present_);
  EXPECT_EQ(again.payloads(1), numbers(11, 12));
}

TEST_F(RestoreTest, MQTT_4_4_0_1_WhatIsInFlightComesAgainWithItsIdAndDup) {
  TestClient& first = connected("client", {.acknowledges = false});
  first.subscribe("t", Qos::ExactlyOnce);
  publish(0, 3, Qos::AtLeastOnce);
  publish(3, 5, Qos::ExactlyOnce);
  EXPECT_THAT(first.payloads(5), SizeIs(5));
  const auto before = first.received();
  first.acknowledge(before[1].id);
  restart();
  TestClient& again = connected("client");
  EXPECT_THAT(again.payloads(4), ElementsAre("0", "2", "3", "4"));
  const auto after = again.received();
  const std::size_t kept[] = {0, 2, 3, 4};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(after[i].id, before[kept[i]].id) << i;
    EXPECT_TRUE(after[i].dup) << i;
  }
}

TEST_F(RestoreTest, AMessageForSeveralSessionsIsStoredOnceAndGoesWithTheLast) {
  for (const char* id : {"a", "b", "c"}) {
    TestClient& client = connected(id);
    client.subscribe("t", Qos::AtLeastOnce);
    client.close();
  }
  publish(0, 5, Qos::AtLeastOnce);
  const auto records = [this](storage::Table table) {
    EXPECT_TRUE(core_->storage().log().flush());
    std::size_t count = 0;
    EXPECT_TRUE(core_->storage().store().scan(table, {}, {}, [&](auto, auto) { return ++count > 0; }).ok());
    return count;
  };
  EXPECT_EQ(records(storage::Table::Messages), 5U);
  EXPECT_EQ(records(storage::Table::Queues), 15U);
  restart();
  core_->await_restored();
  for (const char* id : {"a", "b", "c"}) {
    EXPECT_EQ(connected(id).payloads(5), numbers(0, 5));
    while (core_->queued(id) > 0) std::this_thread::yield();
  }
  restart();
  core_->await_restored();
  EXPECT_EQ(records(storage::Table::Messages), 0U);
  EXPECT_EQ(records(storage::Table::Queues), 0U);
}

TEST_F(RestoreTest, ASessionThatEndedLeavesNothing) {
  TestClient& client = connected("gone");
  client.subscribe("t", Qos::AtLeastOnce);
  client.subscribe("u", Qos::AtLeastOnce);
  client.close();
  publish(0, 5, Qos::AtLeastOnce);
  connected("gone", {.clean_start = true, .expiry = 0}).close();
  restart();
  core_->await_restored();
  connected("gone");
  EXPECT_FALSE(present_);
  restart();
  core_->await_restored();
  for (const auto table : {storage::Table::Queues, storage::Table::Subscriptions, storage::Table::InboundQos2}) {
    EXPECT_TRUE(core_->storage().store().scan(table, {}, {}, [](auto, auto) { return ADD_FAILURE(), false; }).ok());
  }
}

TEST_F(RestoreTest, AnUnsubscribedFilterStaysUnsubscribed) {
  TestClient& client = connected("client");
  client.subscribe("t", Qos::AtLeastOnce);
  client.subscribe("u", Qos::AtLeastOnce);
  client.unsubscribe("t");
  client.close();
  restart();
  publish(0, 1, Qos::AtLeastOnce, "t");
  publish(1, 2, Qos::AtLeastOnce, "u");
  EXPECT_EQ(connected("client").payloads(1), numbers(1, 2));
}

TEST_F(RestoreTest, RetainedMessagesComeBackAndClearedOnesDoNot) {
  TestClient& publisher = connected("publisher");
  publisher.publish("r/1", "old", Qos::AtLeastOnce, true);
  publisher.publish("r/1", "new", Qos::AtLeastOnce, true);
  publisher.publish("r/2", "gone", Qos::AtLeastOnce, true);
  publisher.publish("r/2", "", Qos::AtLeastOnce, true);
  restart();
  TestClient& reader = connected("reader", {.clean_start = true, .expiry = 0});
  reader.subscribe("r/#", Qos::AtLeastOnce);
  EXPECT_THAT(reader.payloads(1), ElementsAre("new"));
  EXPECT_EQ(core_->retainer().count(), 1U);
}

TEST_F(RestoreTest, MQTT_4_3_3_10_AQos2IdIsStillKnown) {
  TestClient& away = connected("away");
  away.subscribe("t", Qos::ExactlyOnce);
  away.close();
  TestClient& publisher = connected("publisher");
  publisher.publish("t", "once", Qos::ExactlyOnce);  // packet id 1; no PUBREL
  restart();
  connected("publisher").publish("t", "once", Qos::ExactlyOnce);  // the same id: sent again
  publish(0, 1, Qos::AtLeastOnce);
  EXPECT_THAT(connected("away").payloads(2), ElementsAre("once", "0"));
}

TEST_F(RestoreTest, ADelayedWillIsPublishedAfterARestart) {
  TestClient& watcher = connected("watcher");
  watcher.subscribe("will", Qos::AtLeastOnce);
  watcher.close();
  WillRequest will{
      .topic = "will", .payload = {std::byte{'w'}}, .properties = {}, .qos = Qos::AtLeastOnce, .expiry_seconds = {}};
  will.delay_seconds = 1;
  connected("mortal", {.will = will}).close(CloseKind::Abnormal);
  restart();
  EXPECT_THAT(connected("watcher").payloads(1), ElementsAre("w"));
}

TEST_F(RestoreTest, APublishWhileSessionsAreRestoredReachesThem) {
  for (int i = 0; i < 200; ++i) {
    TestClient& client = connected("s" + std::to_string(i));
    client.subscribe("all", Qos::AtLeastOnce);
    client.close();
  }
  restart();
  publish(7, 8, Qos::AtLeastOnce, "all");  // acknowledged when all of them have it
  for (int i = 0; i < 200; ++i) EXPECT_EQ(core_->queued("s" + std::to_string(i)), 1U) << i;
}

}  // namespace
}  // namespace sluice::session

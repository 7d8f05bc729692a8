// SPDX-License-Identifier: Apache-2.0
// What a server that was killed leaves to the next one.
#include <future>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/unit/durable/servers_test.h"

namespace sluice::session {
namespace {

using storage::Table;
using test::eventually;
using testing::ElementsAre;

class KillTest : public ServersTest {
 protected:
  /// Of the server before. What they had stays.
  void erase_sessions() {
    storage::WriteBatch batch;
    const auto erase = [&](std::string_view key, std::string_view) {
      batch.erase(Table::Sessions, key);
      return true;
    };
    EXPECT_TRUE(store_->inside().scan(Table::Sessions, {}, {}, erase).ok());
    const storage::WriteBatch* const batches[] = {&batch};
    EXPECT_TRUE(store_->inside().write(batches, storage::Durability::Process).ok());
  }
};

TEST_F(KillTest, AClientThatComesInTheTurnInWhichAMessageIsPublishedGetsIt) {
  start();
  core_->await_restored();
  away("away", "t");
  TestClient& before = connected("away");
  Shard& home = before.home();
  before.close();
  TestClient* publisher = nullptr;
  for (int i = 0; publisher == nullptr || &publisher->home() != &home; ++i) {
    publisher = &connected("publisher" + std::to_string(i), {.clean_start = true, .expiry = 0});
  }
  TestClient& client = core_->client(home.index());
  on_shard(home, [&] {
    EXPECT_EQ(publisher->publish_async("t", "one", Qos::AtLeastOnce), Reason::Success);
    EXPECT_TRUE(client.connect("away", {}));
    await_reads();  // what was asked for in this turn cannot know what was put in it
  });
  EXPECT_THAT(client.payloads(1), ElementsAre("one"));
  EXPECT_TRUE(eventually([&] { return publisher->acknowledged().size() == 1; }));
}

TEST_F(KillTest, ASessionThatGetsOneMessagePerServerHasAllOfThem) {
  start();
  away("away", "t");
  std::vector<std::string> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::to_string(i));
    publish("t", {all.back()});
    kill_and_start();
  }
  EXPECT_EQ(connected("away").payloads(4), all);
}

TEST_F(KillTest, WhatSeveralServersSentAndNobodyAcknowledgedComesInItsOrderUnderIdsOfItsOwn) {
  start();
  TestClient* client = &connected("client", {.acknowledges = false});
  client->subscribe("t", Qos::AtLeastOnce);
  std::vector<std::string> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(std::to_string(i));
    publish("t", {all.back()});
    kill_and_start();
    client = &connected("client", {.acknowledges = i == 2});
    EXPECT_EQ(client->payloads(1).front(), all.front());
  }
  EXPECT_EQ(client->payloads(3), all);
  std::set<PacketId> ids;
  for (const TestClient::Received& one : client->received()) ids.insert(one.id);
  EXPECT_EQ(ids.size(), all.size());
}

TEST_F(KillTest, AFullWindowAndAFullQueueComeBackWhole) {
  sessions_.max_inflight = 5;
  sessions_.queue.max_length = 10;
  start();
  TestClient& first = connected("client", {.acknowledges = false});
  first.subscribe("t", Qos::AtLeastOnce);
  std::vector<std::string> all;
  for (int i = 0; i < 15; ++i) all.push_back(std::to_string(i));
  publish("t", all);
  EXPECT_EQ(first.payloads(5).size(), 5U);
  const auto sent = first.received();
  kill_and_start();
  TestClient& again = connected("client");
  EXPECT_EQ(again.payloads(15), all);
  const auto received = again.received();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(received[i].id, sent[i].id) << i;
    EXPECT_TRUE(received[i].dup) << i;
  }
}

TEST_F(KillTest, TheLimitHoldsForWhatComesBehindAFullQueueThatCameBack) {
  sessions_.max_inflight = 5;
  sessions_.queue.max_length = 10;
  start();
  away("away", "t");
  std::vector<std::string> all;
  for (int i = 0; i < 10; ++i) all.push_back(std::to_string(i));
  publish("t", all);
  kill_and_start();
  publish("t", {"new"});
  EXPECT_EQ(core_->queued("away"), 10U);
  all.erase(all.begin());
  all.emplace_back("new");
  EXPECT_EQ(connected("away").payloads(10), all);
}

TEST_F(KillTest, APriorityIsThatOfTheTopicAsTheClientKnowsIt) {
  sessions_.queue.by_priority = true;
  sessions_.queue.priorities = {{"high", 5}};
  const TestClient::Options mounted{.mountpoint = "dev/"};
  start();
  away("away", "#", mounted);
  publish("dev/low", {"1", "2"});
  publish("dev/high", {"3"});
  kill_and_start();
  EXPECT_THAT(connected("away", mounted).payloads(3), ElementsAre("3", "1", "2"));
}

TEST_F(KillTest, RetainedMessagesThatAreNotToBeKeptDoNotComeBack) {
  start();
  TestClient& publisher = connected("publisher");
  for (int i = 0; i < 5000; ++i) publisher.publish_async("r/" + std::to_string(i), "kept", Qos::AtLeastOnce, true);
  publisher.publish("r/end", "kept", Qos::AtLeastOnce, true);
  core_.reset();
  EXPECT_EQ(rows(Table::Retained), 5001U);
  start();
  core_->await_restored();
  retainer::erase_stored(core_->storage());
  EXPECT_TRUE(eventually([&] { return rows(Table::Retained) == 0; }));
}

TEST_F(KillTest, AMessageThatSeveralQueuesShareGoesNotBeforeTheLastOfThem) {
  start();
  // What came through a group is in memory: it is delivered though the store's reader is held.
  away("one", "$share/one/t");
  away("two", "$share/two/t");
  publish("t", {"shared"});
  EXPECT_EQ(rows(Table::Messages), 1U);
  kill();
  // Nothing leaves the journals before the retained messages are there.
  store_->hold_scan(Table::Retained);
  store_->hold_scan(Table::Messages);
  start();
  for (const char* const id : {"one", "two"}) EXPECT_THAT(connected(id).payloads(1), ElementsAre("shared"));
  store_->let_scan(Table::Messages);
  await_reads();
  await_reads();
  EXPECT_EQ(rows(Table::Queues), 2U);
  EXPECT_EQ(rows(Table::Messages), 1U);
  store_->let_scan();
  core_->await_restored();
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) + rows(Table::Messages) == 0; }));
}

TEST_F(KillTest, WhatWasParkedLeavesItsShardBehindItsRecords) {
  constexpr int kCount = 3000;  // of which a turn takes 256
  sessions_.queue.max_length = kCount;
  start();
  TestClient& before = connected("client");
  before.subscribe("t", Qos::AtLeastOnce);
  kill();
  store_->hold_scan(Table::Retained);
  start();
  TestClient& client = connected("client");
  TestClient& publisher = core_->client(1 - client.home().index());
  publisher.connect("publisher", {.clean_start = true, .expiry = 0});
  ASSERT_NE(&publisher.home(), &client.home());
  std::vector<std::string> all;
  for (int i = 0; i < kCount; ++i) {
    all.push_back(std::to_string(i));
    EXPECT_EQ(publisher.publish_async("t", all.back(), Qos::AtLeastOnce), Reason::Success);
  }
  store_->let_scan();
  EXPECT_EQ(client.payloads(kCount), all);
  core_->await_restored();
  EXPECT_TRUE(eventually([&] { return publisher.acknowledged().size() == all.size(); }));
  // None was put behind its client's acknowledgement.
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) == 0; }));
}

TEST_F(KillTest, WhatASessionLeavesThatExpiredMeanwhileGoesToMembersThatComeBackBehindIt) {
  start();
  away("first", "$share/g/t", {.expiry = 1});
  publish("t", {"one", "two"});
  TestClient& other = connected("second");
  other.subscribe("$share/g/t", Qos::AtLeastOnce);
  other.close();
  const auto expired = Clock::now() + std::chrono::milliseconds(1100);
  kill();
  ASSERT_TRUE(eventually([&] { return Clock::now() > expired; }));
  start();
  EXPECT_THAT(connected("second").payloads(2), testing::UnorderedElementsAre("one", "two"));
}

TEST_F(KillTest, WhatMayHaveBeenSentAtQos2GoesToNoOtherMember) {
  start();
  TestClient& first = connected("first", {.receive_maximum = 1, .acknowledges = false});
  first.subscribe("$share/g/t", Qos::ExactlyOnce);
  TestClient& publisher = connected("publisher", {.clean_start = true, .expiry = 0});
  for (const char* const payload : {"sent", "waits"}) publisher.publish("t", payload, Qos::ExactlyOnce);
  EXPECT_THAT(first.payloads(1), ElementsAre("sent"));
  TestClient& second = connected("second");
  second.subscribe("$share/g/t", Qos::ExactlyOnce);
  second.close();
  kill();
  store_->hold_scan(Table::Queues);
  start();
  connected("first", {.clean_start = true});
  store_->let_scan();
  core_->await_restored();
  publish("t", {"new"});
  EXPECT_THAT(connected("second").payloads(2), testing::UnorderedElementsAre("waits", "new"));
}

TEST_F(KillTest, WhatIsOnItsWayToASessionThatEndsGoesToAnotherMemberAndLeavesNothing) {
  start();
  core_->await_restored();
  TestClient& publisher = core_->client(0);
  publisher.connect("publisher", {.clean_start = true, .expiry = 0});
  TestClient& member = core_->client(1);
  member.connect("member", {});
  member.subscribe("$share/g/t", Qos::AtLeastOnce);
  TestClient& plain = core_->client(1);
  plain.connect("plain", {});
  plain.subscribe("t", Qos::AtLeastOnce);
  // A member that is away gets something only if nobody else is left.
  TestClient& other = core_->client(1);
  other.connect("other", {});
  other.subscribe("$share/g/t", Qos::AtLeastOnce);
  other.close();
  ASSERT_NE(&publisher.home(), &member.home());
  std::promise<void> published;
  std::promise<void> ended;
  publisher.home().post([&] {
    EXPECT_EQ(publisher.publish_async("t", "one", Qos::AtLeastOnce), Reason::Success);
    published.set_value();
    ended.get_future().wait();  // the message leaves at the end of this turn
  });
  published.get_future().wait();
  core_->client(1).connect("member", {.clean_start = true});
  core_->client(1).connect("plain", {.clean_start = true});
  ended.set_value();
  EXPECT_TRUE(eventually([&] { return core_->queued("other") == 1; }));
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) == 1; }));
  EXPECT_THAT(connected("other").payloads(1), ElementsAre("one"));
  EXPECT_TRUE(eventually([&] { return publisher.acknowledged().size() == 1; }));
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) + rows(Table::Messages) == 0; }));
}

TEST_F(KillTest, ASharedMessageStaysUntilTheLastAcknowledgementHasLeftItsShard) {
  start();
  core_->await_restored();
  TestClient& one = core_->client(0);
  TestClient& two = core_->client(1);
  for (TestClient* const client : {&one, &two}) {
    client->connect(client == &one ? "one" : "two", {.acknowledges = false});
    client->subscribe("t", Qos::AtLeastOnce);
  }
  ASSERT_NE(&one.home(), &two.home());
  publish("t", {"shared"});
  EXPECT_THAT(one.payloads(1), ElementsAre("shared"));
  EXPECT_THAT(two.payloads(1), ElementsAre("shared"));
  std::promise<void> acknowledged;
  std::promise<void> go_on;
  one.home().post([&] {
    one.acknowledge(one.received().front().id);
    acknowledged.set_value();
    go_on.get_future().wait();
  });
  acknowledged.get_future().wait();
  two.acknowledge(two.received().front().id);
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) == 1; }));
  core_->storage().log().flush();
  EXPECT_EQ(rows(Table::Messages), 1U);
  go_on.set_value();
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) + rows(Table::Messages) == 0; }));
}

TEST_F(KillTest, WhatIsLeftOfASessionThatIsNotThereGoesToItsGroup) {
  start();
  away("gone", "$share/g/t");
  publish("t", {"one"});
  kill();
  erase_sessions();
  store_->hold_scan(Table::Queues);
  start();
  away("other", "$share/g/t");
  store_->let_scan();
  EXPECT_THAT(connected("other").payloads(1), ElementsAre("one"));
}

TEST_F(KillTest, WhatIsLeftOfASessionThatIsNotThereStaysWhileItCannotBeRead) {
  start();
  away("gone", "$share/g/t");
  away("gone, too", "$share/h/t");
  publish("t", {"one"});
  kill();
  erase_sessions();
  store_->fail_gets_of(Table::Messages);
  start();
  core_->await_restored();
  await_reads();
  kill();
  EXPECT_EQ(rows(Table::Queues), 2U);
  store_->hold_scan(Table::Queues);
  start();
  away("other", "$share/g/t");
  store_->let_scan();
  EXPECT_THAT(connected("other").payloads(1), ElementsAre("one"));
}

TEST_F(KillTest, WhatASessionLeavesStaysForTheNextServerWhileItCannotBeRead) {
  start();
  away("first", "$share/g/t");
  away("second", "$share/h/t");
  publish("t", {"one"});
  kill();
  store_->hold_scan(Table::Queues);
  store_->fail_gets_of(Table::Messages);
  start();
  connected("first", {.clean_start = true, .expiry = 0});
  store_->let_scan();
  core_->await_restored();
  await_reads();
  kill();
  EXPECT_EQ(rows(Table::Queues), 2U);
  store_->hold_scan(Table::Queues);
  start();
  away("other", "$share/g/t");
  store_->let_scan();
  EXPECT_THAT(connected("other").payloads(1), ElementsAre("one"));
}

}  // namespace
}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
// What a client that comes back gets, and when: a server that is killed must have known what was sent.
#include <future>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/unit/durable/servers_test.h"

namespace sluice::session {
namespace {

using storage::Table;
using test::eventually;
using testing::ElementsAre;

class AttachTest : public ServersTest {
 protected:
  /// A session with a message that is in memory, as those are that came through a group.
  void leave_a_message() {
    start();
    core_->await_restored();
    away("member", "$share/g/t");
    publish("t", {"one"});
    core_->storage().log().flush();
  }
  void expect_again_with_dup_after_a_kill(const std::string& client_id) {
    kill_and_start();
    TestClient& again = connected(client_id);
    EXPECT_THAT(again.payloads(1), ElementsAre("one"));
    EXPECT_TRUE(again.received().front().dup);
  }
};

TEST_F(AttachTest, NothingIsSentBeforeTheStoreKnowsThatItsClientIsThere) {
  leave_a_message();
  store_->hold_writes();
  TestClient& client = connected("member", {.acknowledges = false});
  on_shard(client.home(), [] {});
  EXPECT_TRUE(client.received().empty());
  store_->let_writes();
  EXPECT_THAT(client.payloads(1), ElementsAre("one"));
  EXPECT_FALSE(client.received().front().dup);
  expect_again_with_dup_after_a_kill("member");
}

TEST_F(AttachTest, WhatAClientGotWhileTheServerWasStillStartingComesAgainWithDup) {
  start();
  away("away", "t");
  publish("t", {"one"});
  kill();
  // Nothing leaves the journals before the retained messages are there.
  store_->hold_scan(Table::Retained);
  start();
  TestClient& client = connected("away", {.acknowledges = false});
  EXPECT_THAT(client.payloads(1), ElementsAre("one"));
  EXPECT_FALSE(client.received().front().dup);
  store_->fail_after(0, storage::StoreErrc::Io, SIZE_MAX);
  store_->let_scan();
  expect_again_with_dup_after_a_kill("away");
}

TEST_F(AttachTest, ASessionThatBeganWhileTheServerWasStillStartingIsThereWholeOrNotAtAll) {
  start();
  core_->await_restored();
  kill();
  store_->hold_scan(Table::Retained);
  start();
  TestClient& client = connected("new");
  on_shard(client.home(), [] {});
  core_->storage().log().flush();
  store_->fail_after(0, storage::StoreErrc::Io, SIZE_MAX);
  store_->let_scan();
  kill_and_start();
  EXPECT_FALSE(core_->client().connect("new", {}));
}

TEST_F(AttachTest, WhoTakesOverWaitsForTheStoreToKnowOfItself) {
  leave_a_message();
  store_->hold_writes();
  TestClient& first = connected("member", {.acknowledges = false});
  TestClient& second = connected("member");
  on_shard(second.home(), [] {});
  EXPECT_TRUE(second.received().empty());
  store_->let_writes();
  EXPECT_THAT(second.payloads(1), ElementsAre("one"));
  EXPECT_TRUE(first.received().empty());
}

TEST_F(AttachTest, WhoComesWhileTheStoreFailsGetsWhatWaits) {
  leave_a_message();
  store_->fail_after(0, storage::StoreErrc::Io, SIZE_MAX);
  EXPECT_THAT(connected("member").payloads(1), ElementsAre("one"));
  EXPECT_TRUE(core_->was_told(storage::StoreTrouble::Failing));
}

TEST_F(AttachTest, WhoIsNewWaitsForNothing) {
  start();
  core_->await_restored();
  TestClient& publisher = connected("publisher", {.clean_start = true, .expiry = 0});
  store_->hold_writes();
  TestClient& client = connected("new");
  const auto subscribed = std::async(std::launch::async, [&] { client.subscribe("t", Qos::AtLeastOnce); });
  EXPECT_TRUE(eventually([&] {
    publisher.publish_async("t", "one", Qos::AtLeastOnce);
    return !client.received().empty();
  }));
  store_->let_writes();
}

}  // namespace
}  // namespace sluice::session

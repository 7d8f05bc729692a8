// SPDX-License-Identifier: Apache-2.0
// What a store in trouble means to clients.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/unit/durable/servers_test.h"

namespace sluice::session {
namespace {

using storage::StoreTrouble;
using storage::Table;
using test::eventually;
using testing::ElementsAre;

class TroubleTest : public ServersTest {
 protected:
  [[nodiscard]] bool has(StoreTrouble trouble) { return core_->storage().health().has(trouble); }
  /// The store fails from now on, and the server knows.
  void fail() {
    store_->fail_after(0, storage::StoreErrc::Io, SIZE_MAX);
    storage::WriteBatch batch;
    batch.put(Table::Meta, "key of a test", "");
    core_->storage().log().submit(std::move(batch), nullptr, 0);
    EXPECT_TRUE(eventually([&] { return has(StoreTrouble::Failing); }));
  }
  /// Changes one byte of the value of each record.
  void damage(Table table) {
    storage::WriteBatch batch;
    EXPECT_TRUE(store_->inside()
                    .scan(table, {}, {},
                          [&](std::string_view key, std::string_view value) {
                            std::string damaged(value);
                            damaged.back() = static_cast<char>(damaged.back() ^ 1);
                            batch.put(table, key, damaged);
                            return true;
                          })
                    .ok());
    ASSERT_FALSE(batch.empty());
    const storage::WriteBatch* const batches[] = {&batch};
    ASSERT_TRUE(store_->inside().write(batches, storage::Durability::Process).ok());
  }
  /// Of the last server.
  void leave_a_session() {
    start();
    away("away", "t");
    core_.reset();
  }
  /// The next server does not get to the end of restoring.
  void restore_slowly() {
    store_->hold_scan(Table::Subscriptions);
    start();
  }
  /// Of a session that has ended before its queue was read, two servers later.
  void leave_damaged(Table table) {
    start();
    away("first", "$share/g/t");
    if (table == Table::Messages) away("second", "$share/h/t");  // what only one has lies in its queue
    publish("t", {"one"});
    kill();
    damage(table);
    store_->hold_scan(Table::Queues);
    start();
    connected("first", {.clean_start = true, .expiry = 0});
    store_->let_scan();
    core_->await_restored();
    await_reads();
    EXPECT_TRUE(has(StoreTrouble::Damaged));
    kill_and_start();
    await_reads();
    kill();
  }
  TestClient& publisher() { return connected("publisher", {.clean_start = true, .expiry = 0}); }
};

TEST_F(TroubleTest, AStoreThatIsFullAtTheStartSaysSo) {
  storage_.max_bytes = 1000;
  store_->set_disk_bytes(1000);
  start();
  EXPECT_TRUE(core_->was_told(StoreTrouble::Full)) << "before any client is there";
}

TEST_F(TroubleTest, WhatAFullStoreDoesNotTakeIsRefusedWhileSessionsAreRestored) {
  leave_a_session();
  storage_.max_bytes = 1'000'000;
  store_->set_disk_bytes(1'000'000);
  restore_slowly();
  EXPECT_EQ(publisher().publish_async("t", "refused", Qos::AtLeastOnce), Reason::QuotaExceeded);
  EXPECT_EQ(publisher().publish_async("t", "at most once", Qos::AtMostOnce), Reason::Success);
  store_->let_scan();
  core_->await_restored();
  EXPECT_EQ(publisher().publish("t", "refused", Qos::AtLeastOnce), Reason::QuotaExceeded);
}

TEST_F(TroubleTest, WhatWasTakenBeforeTheStoreFailedIsKeptThoughItFailsWhenItsSessionIsThere) {
  leave_a_session();
  restore_slowly();
  TestClient& client = publisher();
  EXPECT_EQ(client.publish_async("t", "taken", Qos::AtLeastOnce), Reason::Success);
  fail();
  EXPECT_EQ(client.publish_async("t", "refused", Qos::AtLeastOnce), Reason::QuotaExceeded);
  store_->let_scan();
  core_->await_restored();
  EXPECT_TRUE(client.acknowledged().empty());
  store_->heal();
  EXPECT_TRUE(eventually([&] { return client.acknowledged().size() == 1; }));
  kill_and_start();
  EXPECT_THAT(connected("away").payloads(1), ElementsAre("taken"));
}

TEST_F(TroubleTest, ADamagedRecordIsNotDeliveredAndNotErased) {
  start();
  away("away", "t");
  publish("t", {"one"});
  kill();
  damage(Table::Queues);
  start();
  core_->await_restored();
  publish("t", {"two"});
  EXPECT_THAT(connected("away").payloads(1), ElementsAre("two"));
  EXPECT_TRUE(eventually([&] { return core_->queued("away") == 0; }));
  EXPECT_TRUE(has(StoreTrouble::Damaged));
  EXPECT_TRUE(eventually([&] { return rows(Table::Queues) == 1; })) << "what cannot be read";
}

TEST_F(TroubleTest, ADamagedMessageOfSeveralSessionsIsNotErased) {
  start();
  away("away", "t");
  away("other", "t");
  publish("t", {"one"});
  kill();
  damage(Table::Messages);
  start();
  core_->await_restored();
  publish("t", {"two"});
  for (const char* id : {"away", "other"}) {
    EXPECT_THAT(connected(id).payloads(1), ElementsAre("two"));
    EXPECT_TRUE(eventually([&] { return core_->queued(id) == 0; }));
  }
  EXPECT_TRUE(has(StoreTrouble::Damaged));
  core_.reset();
  start();
  core_->await_restored();
  core_.reset();
  EXPECT_EQ(rows(Table::Messages), 1U);
}

TEST_F(TroubleTest, WhatASessionLeavesIsNotErasedIfItsRecordIsDamaged) {
  leave_damaged(Table::Queues);
  EXPECT_EQ(rows(Table::Queues), 1U);
}

TEST_F(TroubleTest, WhatASessionLeavesIsNotErasedIfItsMessageIsDamaged) {
  leave_damaged(Table::Messages);
  EXPECT_EQ(rows(Table::Queues), 2U);
}

TEST_F(TroubleTest, TheQueueOfASessionWhoseRecordIsDamagedIsNotTakenForNobodys) {
  start();
  away("away", "t");
  publish("t", {"one"});
  kill();
  damage(Table::Sessions);
  start();
  core_->await_restored();
  EXPECT_TRUE(has(StoreTrouble::Damaged));
  core_.reset();
  EXPECT_EQ(rows(Table::Queues), 1U);
}

TEST_F(TroubleTest, AReadThatFailsForNowIsNoDamage) {
  start();
  away("away", "t");
  publish("t", {"one"});
  kill_and_start();
  store_->fail_read_after(0);
  EXPECT_THAT(connected("away").payloads(1), ElementsAre("one"));
  EXPECT_FALSE(has(StoreTrouble::Damaged));
}

TEST_F(TroubleTest, AWillThatTheStoreDoesNotTakeIsPublishedWhenItDoes) {
  start();
  core_->await_restored();
  away("watcher", "will");
  WillRequest will{
      .topic = "will", .payload = {std::byte{'w'}}, .properties = {}, .qos = Qos::AtLeastOnce, .expiry_seconds = {}};
  TestClient& mortal = connected("mortal", {.will = will});
  mortal.subscribe("x", Qos::AtLeastOnce);
  core_->storage().health().begin(StoreTrouble::Full, "a test");
  mortal.close(CloseKind::Abnormal);
  EXPECT_EQ(core_->queued("watcher"), 0U);
  core_->storage().health().end(StoreTrouble::Full);
  EXPECT_THAT(connected("watcher").payloads(1), ElementsAre("w"));
}

TEST_F(TroubleTest, AWillThatWasRefusedDoesNotOvertakeTheAnswerToItsNextClient) {
  start();
  core_->await_restored();
  WillRequest will{
      .topic = "will", .payload = {std::byte{'w'}}, .properties = {}, .qos = Qos::AtLeastOnce, .expiry_seconds = {}};
  TestClient& mortal = connected("mortal", {.will = will});
  mortal.subscribe("will", Qos::AtLeastOnce);
  core_->storage().health().begin(StoreTrouble::Full, "a test");
  mortal.close(CloseKind::Abnormal);
  on_shard(mortal.home(), [] {});
  core_->storage().health().end(StoreTrouble::Full);
  TestClient& next = core_->client(mortal.home().index());
  next.connect("mortal", {});
  EXPECT_THAT(next.payloads(1), ElementsAre("w"));
  EXPECT_TRUE(next.received().front().connected);
}

TEST_F(TroubleTest, AStoreWithoutItsOwnRecordIsNotTakenForANewOne) {
  start();
  away("away", "t");
  core_.reset();
  storage::WriteBatch batch;
  EXPECT_TRUE(store_->inside()
                  .scan(Table::Meta, {}, {},
                        [&](std::string_view key, std::string_view) {
                          batch.erase(Table::Meta, key);
                          return true;
                        })
                  .ok());
  const storage::WriteBatch* const batches[] = {&batch};
  ASSERT_TRUE(store_->inside().write(batches, storage::Durability::Process).ok());
  try {
    start();
    FAIL() << "ids would be given out again";
  } catch (const ServerLost& lost) {
    EXPECT_THAT(lost.what(), testing::HasSubstr("the store's own record is not there"));
  }
}

}  // namespace
}  // namespace sluice::session

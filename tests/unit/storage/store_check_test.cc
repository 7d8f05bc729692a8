// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/store_check.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/storage/memory_store.h"
#include "broker/storage/table_names.h"

namespace sluice::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr SessionId kSession = 7;
constexpr MessageId kMessage = 70;

/// A sound store to damage by hand: a session with everything that one can have, and a retained message.
class StoreCheckTest : public testing::Test {
 protected:
  StoreCheckTest() {
    put(Table::Meta, kStoreKey, StoreRecord{.format = kFormat, .starts = 3});
    put_number(Table::Meta, "batch", 42);
    put_session(kSession);
    put_number(Table::Sessions, places_key(kSession), 8192);
    put(Table::Subscriptions, subscription_key(kSession, "a/#"), SubscriptionRecord{});
    put(Table::Queues, queue_key(kSession, 1), own_message());
    put(Table::Queues, queue_key(kSession, 2), reference());
    put(Table::Queues, queue_key(kSession, 3), released());
    put(Table::Messages, message_key(kMessage), message("a/b"));
    put_number(Table::InboundQos2, inbound_key(kSession, 9), 1);
    put(Table::Wills, session_key(kSession), WillRecord());
    put(Table::Retained, "r", RetainedRecord{.message = message("r")});
    write(Table::Gateways, gateway_key("coap", "x"), "the gateway's own");
    write(Table::Users, "user", "hash");
  }

  void write(Table table, std::string_view key, std::string_view value) {
    WriteBatch batch;
    batch.put(table, key, value);
    apply(batch);
  }
  void erase(Table table, std::string_view key) {
    WriteBatch batch;
    batch.erase(table, key);
    apply(batch);
  }
  template <class Record>
  void put(Table table, std::string_view key, const Record& record) {
    std::string value;
    encode(record, value);
    write(table, key, value);
  }
  void put_number(Table table, std::string_view key, std::uint64_t number) {
    std::string value;
    encode_number(number, value);
    write(table, key, value);
  }
  void put_session(SessionId id) { put(Table::Sessions, session_key(id), SessionRecord()); }
  /// Changes one byte of a value.
  void damage(Table table, std::string_view key) {
    std::optional<std::string> value;
    ASSERT_TRUE(store_.get(table, key, value).ok());
    ASSERT_TRUE(value) << "nothing to damage";
    value->at(value->size() / 2) ^= 1;
    write(table, key, *value);
  }

  static StoredMessage message(std::string_view topic) { return {.topic = topic, .payload = {}, .properties = {}}; }
  static QueueRecord own_message() {
    QueueRecord record;
    record.message = message("a/b");
    return record;
  }
  static QueueRecord reference(MessageId id = kMessage) {
    QueueRecord record;
    record.message_id = id;
    return record;
  }
  static QueueRecord released() {
    QueueRecord record;
    record.stage = QueueRecord::Stage::Released;
    record.qos = Qos::ExactlyOnce;
    return record;
  }

  StoreSummary check() {
    problems_.clear();
    StoreSummary summary = StoreCheck(store_, [this](const std::string& text) { problems_.push_back(text); }).run();
    EXPECT_EQ(summary.problems, problems_.size());
    return summary;
  }

  MemoryStore store_;
  std::vector<std::string> problems_;

 private:
  void apply(const WriteBatch& batch) {
    const WriteBatch* const batches[] = {&batch};
    ASSERT_TRUE(store_.write(batches, Durability::Process).ok());
  }
};

TEST_F(StoreCheckTest, ASoundStoreIsCounted) {
  const StoreSummary summary = check();
  EXPECT_TRUE(summary.sound());
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(summary.sessions, 1U);
  EXPECT_EQ(summary.queued, 2U);
  EXPECT_EQ(summary.released, 1U);
  EXPECT_EQ(summary.retained, 1U);
  EXPECT_EQ(summary.last_batch, 42U);
  EXPECT_EQ(summary.orphans, 0U);
  EXPECT_EQ(summary.unused_messages, 0U);
  std::vector<std::uint64_t> records;
  for (const auto& table : summary.tables) records.push_back(table.records);
  EXPECT_THAT(records, ElementsAre(2, 2, 1, 3, 1, 1, 1, 1, 1, 1));
  EXPECT_EQ(summary.tables[static_cast<std::size_t>(Table::Users)].bytes, 8U);
}

TEST_F(StoreCheckTest, AnEmptyStoreIsSound) {
  MemoryStore empty;
  EXPECT_TRUE(StoreCheck(empty, [](const std::string& text) { ADD_FAILURE() << text; }).run().sound());
}

TEST_F(StoreCheckTest, EveryKindOfRecordIsDecoded) {
  const std::vector<std::tuple<Table, std::string, std::string>> all{
      {Table::Meta, std::string(kStoreKey), "meta: key store: "},
      {Table::Meta, "batch", "meta: key batch: "},
      {Table::Sessions, session_key(kSession), "sessions: session 7: "},
      {Table::Sessions, places_key(kSession), "sessions: session 7 with more behind it: "},
      {Table::Subscriptions, subscription_key(kSession, "a/#"), "subscriptions: session 7 filter a/#: "},
      {Table::Queues, queue_key(kSession, 1), "queues: session 7 place 1: "},
      {Table::Messages, message_key(kMessage), "messages: message 70: "},
      {Table::InboundQos2, inbound_key(kSession, 9), "inbound_qos2: session 7 packet id 9: "},
      {Table::Wills, session_key(kSession), "wills: session 7: "},
      {Table::Retained, "r", "retained: topic r: "}};
  for (const auto& [table, key, begin] : all) {
    SCOPED_TRACE(begin);
    std::optional<std::string> before;
    ASSERT_TRUE(store_.get(table, key, before).ok());
    damage(table, key);
    EXPECT_FALSE(check().sound());
    EXPECT_THAT(problems_, ElementsAre(AllOf(HasSubstr(begin), HasSubstr("damaged"))));
    write(table, key, *before);
  }
  EXPECT_TRUE(check().sound());
}

TEST_F(StoreCheckTest, KeysThatNobodyWritesAreNamed) {
  for (const Table table : {Table::Sessions, Table::Subscriptions, Table::Queues, Table::Messages, Table::InboundQos2,
                            Table::Wills, Table::Gateways}) {
    std::string value;
    encode_number(1, value);
    write(table, "\x01\x02\x03", value);
    check();
    ASSERT_EQ(problems_.size(), 1U) << table_name(table);
    EXPECT_THAT(problems_.front(), HasSubstr("no such key"));
    EXPECT_TRUE(problems_.front().starts_with(table_name(table)));
    erase(table, "\x01\x02\x03");
  }
}

TEST_F(StoreCheckTest, WhatHasNoSessionIsAnOrphanAndNoDamage) {
  erase(Table::Sessions, session_key(kSession));
  const StoreSummary summary = check();
  EXPECT_TRUE(summary.sound());
  EXPECT_EQ(summary.sessions, 0U);
  EXPECT_EQ(summary.queued, 0U);
  EXPECT_EQ(summary.orphans, 7U) << "places, subscription, three of the queue, packet id, will";
  EXPECT_EQ(summary.unused_messages, 1U);
}

TEST_F(StoreCheckTest, AMessageThatNobodyRefersToIsNoDamage) {
  put(Table::Messages, message_key(71), message("x"));
  const StoreSummary summary = check();
  EXPECT_TRUE(summary.sound());
  EXPECT_EQ(summary.unused_messages, 1U);
}

TEST_F(StoreCheckTest, ASharedMessageThatIsMissingIsLost) {
  put_session(8);
  put(Table::Queues, queue_key(8, 1), reference());
  erase(Table::Messages, message_key(kMessage));
  EXPECT_FALSE(check().sound());
  EXPECT_THAT(problems_, ElementsAre("queues: session 7 place 2: lost: message 70 is not there",
                                     "queues: session 8 place 1: lost: message 70 is not there"));
}

TEST_F(StoreCheckTest, WhatIsBehindADamagedRecordIsNoOrphanAndNotLost) {
  damage(Table::Sessions, session_key(kSession));
  damage(Table::Messages, message_key(kMessage));
  const StoreSummary summary = check();
  EXPECT_EQ(summary.problems, 2U);
  EXPECT_EQ(summary.orphans, 0U);
  EXPECT_EQ(summary.queued, 2U);
}

TEST_F(StoreCheckTest, ARetainedMessageLiesUnderItsTopic) {
  put(Table::Retained, "other", RetainedRecord{.message = message("r")});
  EXPECT_FALSE(check().sound());
  EXPECT_THAT(problems_, ElementsAre("retained: topic other: its message is of another topic: r"));
}

TEST_F(StoreCheckTest, OfALaterVersionNothingElseIsSaid) {
  put(Table::Meta, kStoreKey, StoreRecord{.format = kFormat + 1});
  damage(Table::Sessions, session_key(kSession));
  EXPECT_FALSE(check().sound());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("later version")));
}

TEST_F(StoreCheckTest, AStoreWithoutItsOwnRecordIsDamaged) {
  erase(Table::Meta, kStoreKey);
  EXPECT_FALSE(check().sound());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("own record is missing")));
}

/// Fails as a store does of which a file is damaged.
class BrokenStore final : public KvStore {
 public:
  explicit BrokenStore(Table broken) : broken_(broken) {}

  StoreStatus write(std::span<const WriteBatch* const>, Durability) override { return {}; }
  StoreStatus sync() override { return {}; }
  StoreStatus recover() override { return {}; }
  StoreStatus get(Table table, std::string_view key, std::optional<std::string>& value) const override {
    return inside.get(table, key, value);
  }
  StoreStatus scan(Table table, std::string_view prefix, std::string_view from, const Visitor& visitor) const override {
    return table == broken_ ? damage() : inside.scan(table, prefix, from, visitor);
  }
  [[nodiscard]] StoreFigures figures() const override { return {}; }
  StoreStatus compact() override { return {}; }
  StoreStatus backup(const std::filesystem::path&) override { return {}; }
  StoreStatus verify() override { return damage(); }

  MemoryStore inside;

 private:
  static StoreStatus damage() { return {StoreErrc::Corrupt, "/s/000012.sst: block checksum mismatch"}; }

  const Table broken_;
};

TEST(StoreCheckOfFiles, ADamagedFileIsNamedOnceAndNobodyIsCalledAnOrphanForIt) {
  BrokenStore store(Table::Sessions);
  std::string value;
  WriteBatch batch;
  encode(StoreRecord{.format = kFormat}, value);
  batch.put(Table::Meta, kStoreKey, value);
  encode(SubscriptionRecord{}, value);
  batch.put(Table::Subscriptions, subscription_key(1, "f"), value);
  const WriteBatch* const batches[] = {&batch};
  ASSERT_TRUE(store.inside.write(batches, Durability::Process).ok());
  std::vector<std::string> problems;
  const StoreSummary summary = StoreCheck(store, [&](const std::string& text) { problems.push_back(text); }).run();
  EXPECT_THAT(problems, ElementsAre("/s/000012.sst: block checksum mismatch"));
  EXPECT_EQ(summary.orphans, 0U);
}

}  // namespace
}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#include "broker/retainer/retainer.h"

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "shared/metrics/registry.h"

namespace sluice::retainer {
namespace {

MessagePtr message(std::string_view topic, std::string_view payload = "x", UnixMillis expires_at = 0) {
  MessageParts parts;
  parts.topic = topic;
  parts.payload = std::as_bytes(std::span(payload));
  parts.retain = true;
  parts.expires_at = expires_at;
  return Message::create(parts);
}

std::string payload_of(const MessagePtr& message) {
  const auto bytes = message->payload();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class RecordingStore final : public RetainedStore {
 public:
  void put(const MessagePtr& message, UnixMillis expires_at) override {
    kept[std::string(message->topic())] = {message, expires_at};
  }
  void erase(std::string_view topic) override { kept.erase(std::string(topic)); }
  [[nodiscard]] bool durable() const override { return true; }
  void load(const std::function<void(MessagePtr, UnixMillis)>& visitor) override {
    for (const auto& [topic, entry] : kept) visitor(entry.first, entry.second);
  }
  std::map<std::string, std::pair<MessagePtr, UnixMillis>> kept;
};

std::multiset<std::string> lookup(const Retainer& retainer, std::string_view filter, UnixMillis now = 0,
                                  std::size_t max = 16) {
  std::multiset<std::string> found;
  LookupCursor cursor;
  while (!cursor.done) {
    std::vector<MessagePtr> out;
    retainer.lookup(filter, now, cursor, max, out);
    EXPECT_LE(out.size(), max);
    for (const MessagePtr& one : out) found.insert(std::string(one->topic()));
  }
  return found;
}

using Found = std::multiset<std::string>;

TEST(Retainer, MQTT_3_3_1_5_TheLastMessageOfATopicIsKept) {
  RamRetainedStore store;
  Retainer retainer({}, store);
  EXPECT_EQ(retainer.store(message("a", "1"), 0), StoreResult::Stored);
  EXPECT_EQ(retainer.store(message("a", "2"), 0), StoreResult::Replaced);
  EXPECT_EQ(payload_of(retainer.get("a", 0)), "2");
  EXPECT_EQ(retainer.get("b", 0), nullptr);
  EXPECT_EQ(retainer.count(), 1U);
}

TEST(Retainer, MQTT_3_3_1_6_AnEmptyPayloadRemoves) {
  RamRetainedStore store;
  Retainer retainer({}, store);
  retainer.store(message("a"), 0);
  EXPECT_EQ(retainer.store(message("a", ""), 0), StoreResult::Cleared);
  EXPECT_EQ(retainer.get("a", 0), nullptr);
  EXPECT_EQ(retainer.store(message("a", ""), 0), StoreResult::Nothing);
  EXPECT_EQ(retainer.count(), 0U);
  EXPECT_FALSE(retainer.clear("a"));
}

TEST(Retainer, FindsByFilterInChunks) {
  RamRetainedStore store;
  Retainer retainer({}, store);
  for (int i = 0; i < 1000; ++i) retainer.store(message("d/" + std::to_string(i) + "/t"), 0);
  retainer.store(message("$SYS/x"), 0);
  EXPECT_EQ(lookup(retainer, "#").size(), 1000U);
  EXPECT_EQ(lookup(retainer, "d/+/t", 0, 1).size(), 1000U);
  EXPECT_EQ(lookup(retainer, "d/7/#"), Found{"d/7/t"});
  EXPECT_EQ(lookup(retainer, "d/7/t"), Found{"d/7/t"});
  EXPECT_EQ(lookup(retainer, "$SYS/#"), Found{"$SYS/x"});
  EXPECT_EQ(lookup(retainer, "d/+/u"), Found{});
}

TEST(Retainer, OneCallDoesABoundedAmountOfWork) {
  RamRetainedStore store;
  Retainer retainer({}, store);
  for (int i = 0; i < 20000; ++i) retainer.store(message("d/" + std::to_string(i) + "/t"), 0);
  LookupCursor cursor;
  std::vector<MessagePtr> out;
  int calls = 0;
  for (; !cursor.done; ++calls) retainer.lookup("d/+/u", 0, cursor, 100, out);
  EXPECT_TRUE(out.empty());
  EXPECT_GT(calls, 20);
}

TEST(Retainer, TheNumberOfMessagesIsLimited) {
  RamRetainedStore store;
  Retainer retainer({.max_message_num = 2}, store);
  const std::int64_t dropped = metrics::read("retained/dropped");
  EXPECT_EQ(retainer.store(message("a"), 0), StoreResult::Stored);
  EXPECT_EQ(retainer.store(message("b"), 0), StoreResult::Stored);
  EXPECT_EQ(retainer.store(message("c"), 0), StoreResult::Full);
  EXPECT_EQ(retainer.get("c", 0), nullptr);
  EXPECT_EQ(metrics::read("retained/dropped"), dropped + 1);
  EXPECT_EQ(retainer.store(message("a", "new"), 0), StoreResult::Replaced) << "a topic that has its place keeps it";
  retainer.clear("b");
  EXPECT_EQ(retainer.store(message("c"), 0), StoreResult::Stored);
  retainer.apply({.max_message_num = 3});
  EXPECT_EQ(retainer.store(message("d"), 0), StoreResult::Stored);
}

TEST(Retainer, WhatTheBrokerSaysOfItselfSpendsNoLimit) {
  RamRetainedStore store;
  Retainer retainer({.max_message_num = 2, .max_payload_size = 4}, store);
  for (const char* topic : {"$SYS/brokers/n/version", "$SYS/brokers/n/uptime", "$SYS/brokers/n/sysdescr"}) {
    EXPECT_EQ(retainer.store(message(topic, "a long text"), 0), StoreResult::Stored);
  }
  EXPECT_EQ(retainer.store(message("a"), 0), StoreResult::Stored);
  EXPECT_EQ(retainer.store(message("b"), 0), StoreResult::Stored);
  EXPECT_EQ(retainer.store(message("c"), 0), StoreResult::Full);
  EXPECT_EQ(retainer.store(message("a", "a long text"), 0), StoreResult::TooLarge);
  EXPECT_EQ(retainer.count(), 5U);
  EXPECT_TRUE(retainer.clear("$SYS/brokers/n/version"));
  EXPECT_EQ(retainer.store(message("c"), 0), StoreResult::Full);
  EXPECT_TRUE(retainer.clear("a"));
  EXPECT_EQ(retainer.store(message("c"), 0), StoreResult::Stored);
}

TEST(Retainer, LargePayloadsAreNotKept) {
  RamRetainedStore store;
  Retainer retainer({.max_payload_size = 4}, store);
  const std::int64_t dropped = metrics::read("retained/dropped");
  EXPECT_EQ(retainer.store(message("a", "1234"), 0), StoreResult::Stored);
  EXPECT_EQ(retainer.store(message("a", "12345"), 0), StoreResult::TooLarge);
  EXPECT_EQ(payload_of(retainer.get("a", 0)), "1234");
  EXPECT_EQ(metrics::read("retained/dropped"), dropped + 1);
}

TEST(Retainer, AMessagesOwnExpiryGoesBeforeTheInterval) {
  RamRetainedStore store;
  Retainer retainer({.expiry_interval = 1000}, store);
  retainer.store(message("own", "x", 5000), 0);
  retainer.store(message("interval"), 0);
  retainer.store(message("$SYS/never", "x", 10), 0);
  EXPECT_EQ(lookup(retainer, "#", 999), (Found{"own", "interval"}));
  EXPECT_EQ(lookup(retainer, "#", 1000), Found{"own"});
  EXPECT_EQ(retainer.get("interval", 1000), nullptr);
  EXPECT_NE(retainer.get("own", 4999), nullptr);
  EXPECT_EQ(retainer.get("own", 5000), nullptr);
  EXPECT_NE(retainer.get("$SYS/never", 1'000'000), nullptr);
}

TEST(Retainer, SweepingRemovesTheExpiredAFewAtATime) {
  RecordingStore store;
  Retainer retainer({}, store);
  std::vector<std::string> removed;
  for (int i = 0; i < 3000; ++i) retainer.store(message("d/" + std::to_string(i), "x", i % 2 == 0 ? 100 : 0), 0);
  EXPECT_EQ(retainer.sweep(99, 1'000'000), 0U);
  std::size_t calls = 0;
  std::size_t gone = 0;
  for (; calls < 1000 && gone < 1500; ++calls) {
    const std::size_t now_gone = retainer.sweep(100, 100);
    EXPECT_LE(now_gone, 100U);
    gone += now_gone;
  }
  EXPECT_EQ(gone, 1500U);
  EXPECT_EQ(retainer.count(), 1500U);
  EXPECT_EQ(store.kept.size(), 1500U);
  EXPECT_EQ(retainer.store(message("d/0"), 100), StoreResult::Stored);
}

TEST(Retainer, WhatTheStoreKeptIsThereAgain) {
  RecordingStore store;
  {
    Retainer retainer({}, store);
    retainer.store(message("a", "1"), 0);
    retainer.store(message("a", "2"), 0);
    retainer.store(message("b", "1", 100), 0);
    retainer.store(message("c"), 0);
    retainer.clear("c");
  }
  Retainer retainer({}, store);
  EXPECT_EQ(retainer.load(100), 1U);
  EXPECT_EQ(payload_of(retainer.get("a", 100)), "2");
  EXPECT_EQ(store.kept.size(), 1U) << "what expired while the server was down is gone from the store too";
}

TEST(Retainer, WhatWasStoredForARefusedMessageIsTakenBack) {
  RecordingStore store;
  Retainer retainer({.max_message_num = 2, .expiry_interval = 1000}, store);
  const auto store_and_undo = [&](const MessagePtr& refused) {
    RetainedBefore before;
    retainer.store(refused, 500, &before);
    retainer.undo(refused, before);
  };
  store_and_undo(message("a", "new"));
  EXPECT_EQ(retainer.count(), 0U);
  EXPECT_TRUE(store.kept.empty());
  const MessagePtr first = message("a", "first");
  retainer.store(first, 0);
  store_and_undo(message("a", "second"));
  EXPECT_EQ(retainer.get("a", 999), first);
  EXPECT_EQ(retainer.get("a", 1000), nullptr) << "its time is what it was";
  EXPECT_EQ(store.kept.at("a").first, first);
  store_and_undo(message("a", ""));
  EXPECT_EQ(retainer.get("a", 999), first);
  EXPECT_EQ(store.kept.at("a"), std::pair(first, UnixMillis{1000}));
  retainer.store(message("b"), 0);
  store_and_undo(message("c", "over the limit"));
  EXPECT_EQ(retainer.count(), 2U);
}

TEST(Retainer, TakingBackLeavesWhatAnotherPublisherStoredSince) {
  RecordingStore store;
  Retainer retainer({}, store);
  retainer.store(message("a", "first"), 0);
  const MessagePtr refused = message("a", "refused");
  const MessagePtr cleared = message("a", "");
  const MessagePtr last = message("a", "last");
  RetainedBefore before;
  retainer.store(refused, 0, &before);
  retainer.store(last, 0);
  retainer.undo(refused, before);
  EXPECT_EQ(retainer.get("a", 0), last);
  retainer.store(cleared, 0, &before);
  retainer.store(last, 0);
  retainer.undo(cleared, before);
  EXPECT_EQ(retainer.get("a", 0), last);
}

TEST(Retainer, ListenersHearOfEveryChange) {
  RamRetainedStore store;
  Retainer retainer({.max_message_num = 1}, store);
  std::vector<std::string> log;
  retainer.on_change([&](const RetainedChange& change) {
    log.push_back((change.kind == RetainedChange::Kind::Stored ? "+" : "-") + payload_of(change.message));
  });
  retainer.store(message("a", "1", 50), 0);
  retainer.store(message("a", "2", 50), 0);
  retainer.store(message("b", "refused"), 0);
  retainer.clear("a");
  retainer.store(message("a", "3", 50), 0);
  retainer.sweep(50, 100);
  EXPECT_EQ(log, (std::vector<std::string>{"+1", "+2", "-2", "+3", "-3"}));
}

TEST(Retainer, TheGaugeFollows) {
  const std::int64_t before = metrics::read("retained/count");
  {
    RamRetainedStore store;
    Retainer retainer({}, store);
    retainer.store(message("a"), 0);
    retainer.store(message("a"), 0);
    retainer.store(message("b"), 0);
    EXPECT_EQ(metrics::read("retained/count"), before + 2);
    retainer.clear("b");
    EXPECT_EQ(metrics::read("retained/count"), before + 1);
  }
  EXPECT_EQ(metrics::read("retained/count"), before);
}

void write_and_clear(Retainer& retainer, int writer) {
  for (int round = 0; round < 2000; ++round) {
    const std::string topic = "w/" + std::to_string(writer) + "/" + std::to_string(round % 40);
    retainer.store(message(topic, "x", 1 + round), 0);
    if (round % 3 == 0) retainer.clear(topic);
  }
}

TEST(Retainer, ReadersAndWritersOnSeveralThreads) {
  RamRetainedStore store;
  Retainer retainer({.max_message_num = 80}, store);
  for (int i = 0; i < 20; ++i) retainer.store(message("fixed/" + std::to_string(i)), 0);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        if (lookup(retainer, "fixed/#").size() != 20) ++wrong;
        if (retainer.get("fixed/3", 0) == nullptr) ++wrong;
        if (retainer.count() > 82) ++wrong;  // two writers may each be asking for a place that there is not
      }
    });
  }
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) writers.emplace_back([&retainer, i] { write_and_clear(retainer, i); });
  for (std::thread& writer : writers) writer.join();
  while (retainer.sweep(1'000'000, 10'000) != 0) {
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(lookup(retainer, "#").size(), 20U);
  EXPECT_EQ(retainer.count(), 20U);
}

}  // namespace
}  // namespace sluice::retainer

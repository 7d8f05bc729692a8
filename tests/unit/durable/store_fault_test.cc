// SPDX-License-Identifier: Apache-2.0
// Whichever call of the store fails: nothing that was acknowledged is lost.
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/storage/memory_store.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/durable/durable_core.h"

namespace sluice::session {
namespace {

using storage::Table;
using test::FaultyStore;

constexpr std::size_t kAtOnce = 100;

struct Fault {
  const char* name;
  bool reads;                    ///< a get or scan fails, not a write
  DurableCore::Failure failure;  ///< what a failing write means to the server
  FaultyStore::Applied applied;
};

/// What clients do to one server after another, on one store of which one call fails. A step that the server did not
/// live through is done again at the next one, as clients do with what was not acknowledged.
class Story {
 public:
  explicit Story(const Fault& fault) : fault_(fault) {}

  /// So many calls succeed, the next one fails.
  void fail_at(std::size_t call) {
    if (fault_.reads) {
      store_->fail_read_after(call);
    } else {
      const bool ends = fault_.failure == DurableCore::Failure::Ends;
      store_->fail_after(call, storage::StoreErrc::Io, ends ? SIZE_MAX : 0, fault_.applied);
    }
  }
  /// Nothing fails any more.
  void heal() {
    calls_before_end_ = fault_.reads ? store_->reads() : store_->changes();
    store_->heal();
  }
  /// How many there were until heal().
  [[nodiscard]] std::size_t calls_before_end() const { return calls_before_end_; }

  /// One after the other.
  void perform(const std::vector<std::function<void()>>& steps) {
    for (const auto& step : steps) perform(step);
  }
  void perform(const std::function<void()>& step) {
    for (int tries = 0; tries < 4; ++tries) {
      try {
        if (!core_) start();
        step();
        return;
      } catch (const ServerLost&) {
        end();
        store_->heal();
      }
    }
    ADD_FAILURE() << "no server lives through it";
  }

  void restart() {
    end();
    start();
  }
  void end() {
    subscriber_leaves();
    publisher_ = nullptr;
    core_.reset();
  }
  [[nodiscard]] DurableCore& core() { return *core_; }
  [[nodiscard]] FaultyStore& store() { return *store_; }

  /// A client comes, again and again until it is let in. `promised`: its session has to be there.
  TestClient& connected(const std::string& id, const TestClient::Options& options, bool promised = false) {
    for (;;) {
      core_->await_good();
      TestClient& client = core_->client(id.size() % 2);
      const bool present = client.connect(id, options);
      if (client.connect_reason() != Reason::Success) continue;
      EXPECT_TRUE(present || !promised) << id << " has lost its session";
      return client;
    }
  }
  TestClient& subscriber() {
    if (subscriber_ == nullptr) {
      TestClient::Options options;
      options.unreleased = unreleased_;
      subscriber_ = &connected("subscriber", options, !filters_.empty());
    }
    return *subscriber_;
  }
  TestClient& publisher() {
    if (publisher_ == nullptr) publisher_ = &connected("publisher", {}, !promised_.empty());
    return *publisher_;
  }

  void subscribe(const std::string& filter, Qos qos) {
    EXPECT_EQ(subscriber().subscribe(filter, qos), static_cast<Reason>(qos));
    filters_.insert(filter);
  }
  void subscriber_leaves() {
    if (subscriber_ == nullptr) return;
    subscriber_->close();
    const auto received = subscriber_->received();
    received_.insert(received_.end(), received.begin(), received.end());
    unreleased_ = subscriber_->unreleased();
    subscriber_ = nullptr;
  }
  /// Until it is taken; always under the same id, as what is sent again has to be.
  void publish(const std::string& topic, const std::string& payload, Qos qos, PacketId id, bool retain = false) {
    for (;;) {
      core_->await_good();
      publisher().set_next_id(id);
      if (!is_error(publisher().publish(topic, payload, qos, retain))) return;
    }
  }
  void publish_to_subscriber(const std::string& payload, Qos qos, PacketId id) {
    publish("m/1", payload, qos, id);
    promised_.push_back(payload);
  }
  void subscriber_has_all() {
    std::vector<std::string> missing;
    for (const std::string& payload : promised_) {
      if (count(payload) == 0) missing.push_back(payload);
    }
    EXPECT_TRUE(subscriber().await_received(missing)) << testing::PrintToString(missing);
  }
  /// How often it came, up to when the subscriber last left.
  [[nodiscard]] std::size_t count(const std::string& payload) const {
    return static_cast<std::size_t>(std::ranges::count(received_, payload, &TestClient::Received::payload));
  }
  /// Waits until the store has so many.
  void await_rows(Table table, std::size_t count) {
    EXPECT_TRUE(test::eventually([&] {
      core_->await_good();
      std::size_t rows = 0;
      const auto status = store_->inside().scan(table, {}, {}, [&](auto, auto) { return ++rows != 0; });
      return status.ok() && rows == count;
    }));
  }

 private:
  void start() {
    core_ = std::make_unique<DurableCore>(std::make_unique<FaultyStore>(store_),
                                          storage::StorageSettings{.folder = {}, .sync = storage::SyncPolicy::Always},
                                          fault_.failure);
  }

  const Fault fault_;
  std::size_t calls_before_end_ = 0;
  const std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(std::make_unique<storage::MemoryStore>());
  std::unique_ptr<DurableCore> core_;
  TestClient* subscriber_ = nullptr;
  TestClient* publisher_ = nullptr;
  std::set<std::string> filters_;      ///< of acknowledged subscriptions
  std::vector<std::string> promised_;  ///< payloads of acknowledged messages
  std::vector<TestClient::Received> received_;
  std::set<PacketId> unreleased_;
};

/// A second session, so that messages are shared.
void subscribe_other(Story& story) {
  TestClient& other = story.connected("other", {});
  EXPECT_EQ(other.subscribe("m/#", Qos::AtLeastOnce), Reason::GrantedQos1);
  other.close();
}

/// Its end is not acknowledged: it is waited for until the store knows of it.
void end_other(Story& story) {
  story.connected("other", {.clean_start = true, .expiry = 0}).close();
  story.await_rows(Table::Subscriptions, 1);
}

void online(Story& story) {
  story.perform(
      {[&] { story.subscribe("m/#", Qos::ExactlyOnce); }, [&] { story.subscribe("gone/#", Qos::AtLeastOnce); },
       [&] { story.publish_to_subscriber("online-1", Qos::AtLeastOnce, 1); },
       [&] { story.publish_to_subscriber("online-2", Qos::ExactlyOnce, 2); }, [&] { story.publisher().release(2); },
       [&] { subscribe_other(story); }, [&] { story.subscriber_has_all(); }});
}

void away(Story& story) {
  story.perform(
      {[&] { story.subscriber_leaves(); }, [&] { story.publish_to_subscriber("away-1", Qos::AtLeastOnce, 3); },
       [&] { story.publish_to_subscriber("away-2", Qos::ExactlyOnce, 4); }, [&] { story.publisher().release(4); },
       [&] { story.publish("r/1", "retained", Qos::AtLeastOnce, 5, true); },
       [&] { story.publish("r/2", "cleared", Qos::AtLeastOnce, 6, true); },
       [&] { story.publish("r/2", "", Qos::AtLeastOnce, 7, true); },
       [&] { story.publish_to_subscriber("unreleased", Qos::ExactlyOnce, 8); }});
}

void back(Story& story) {
  story.perform({[&] { story.restart(); }, [&] { story.subscriber_has_all(); },
                 [&] { story.publish_to_subscriber("unreleased", Qos::ExactlyOnce, 8); },  // sent again
                 [&] { story.publisher().release(8); },
                 [&] { story.publish_to_subscriber("back-1", Qos::AtLeastOnce, 9); },
                 [&] { story.publish_to_subscriber("back-2", Qos::ExactlyOnce, 10); },
                 [&] { story.publisher().release(10); }, [&] { story.subscriber().unsubscribe("gone/#"); },
                 [&] { story.publish("gone/1", "gone", Qos::AtLeastOnce, 11); }, [&] { end_other(story); },
                 [&] { story.subscriber_has_all(); }});
}

/// What a last server finds, on a store that works.
void check_sessions(Story& story) {
  story.heal();
  story.perform([&] {
    story.restart();
    story.core().await_restored();
    TestClient& other = story.core().client();
    EXPECT_FALSE(other.connect("other", {.clean_start = false, .expiry = 0})) << "it has ended";
    TestClient& reader = story.connected("reader", {.clean_start = true, .expiry = 0});
    reader.subscribe("r/#", Qos::AtLeastOnce);
    EXPECT_THAT(reader.payloads(1), testing::ElementsAre("retained"));
    EXPECT_EQ(story.core().retainer().count(), 1U);
    story.publish_to_subscriber("end", Qos::ExactlyOnce, 12);
    story.publisher().release(12);
    story.subscriber_has_all();
    for (const Table table : {Table::Queues, Table::Messages, Table::InboundQos2}) story.await_rows(table, 0);
  });
}

void check_messages(Story& story) {
  story.end();
  for (const char* payload : {"online-1", "away-1", "back-1"}) EXPECT_GE(story.count(payload), 1U) << payload;
  for (const char* payload : {"online-2", "away-2", "unreleased", "back-2", "end"}) {
    EXPECT_EQ(story.count(payload), 1U) << payload;
  }
  EXPECT_EQ(story.count("gone"), 0U);
}

void live(Story& story) {
  online(story);
  away(story);
  back(story);
}

TestClient& mortal_with_will(Story& story) {
  WillRequest will{
      .topic = "m/w", .payload = {std::byte{'w'}}, .properties = {}, .qos = Qos::ExactlyOnce, .expiry_seconds = {}};
  will.delay_seconds = 1;
  TestClient& client = story.connected("mortal", {.will = will});
  EXPECT_EQ(client.subscribe("x", Qos::AtLeastOnce), Reason::GrantedQos1);  // with this its will is safe, too
  return client;
}

void live_with_will(Story& story) {
  TestClient* dies = nullptr;
  story.perform({[&] { story.subscribe("m/#", Qos::ExactlyOnce); }, [&] { dies = &mortal_with_will(story); }});
  dies->close(CloseKind::Abnormal);
  story.perform([&] { EXPECT_TRUE(story.count("w") == 1 || story.subscriber().await_received({"w"})); });
}

/// Runs f(0) … f(runs - 1), some at a time: most of what they do is waiting.
void run_all(std::size_t runs, const std::function<void(std::size_t)>& f) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(runs, kAtOnce); ++i) {
    threads.emplace_back([&] {
      for (std::size_t run = next++; run < runs; run = next++) {
        f(run);
      }
    });
  }
}

using Failure = DurableCore::Failure;
using Applied = FaultyStore::Applied;

const Fault kFaults[] = {
    {"write", false, Failure::GoesOn, Applied::No},
    {"write that was applied", false, Failure::GoesOn, Applied::Yes},
    {"last write", false, Failure::Ends, Applied::No},
    {"last write that was applied", false, Failure::Ends, Applied::Yes},
    {"read", true, Failure::GoesOn, Applied::No},
};

/// Tells a story with each fault at each of the first `calls` calls, more than it makes.
void for_each_call(std::size_t calls, const std::function<void(Story&)>& tell) {
  run_all(std::size(kFaults) * calls, [&](std::size_t run) {
    const Fault& fault = kFaults[run % std::size(kFaults)];
    const std::size_t call = run / std::size(kFaults);
    SCOPED_TRACE(testing::Message() << fault.name << " " << call << " fails");
    try {
      Story story(fault);
      story.fail_at(call);
      tell(story);
      if (call + 1 == calls) {
        EXPECT_LE(story.calls_before_end(), call) << "the story has become longer";
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  });
}

TEST(SessionFaults, WhicheverCallFailsNothingAcknowledgedIsLost) {
  for_each_call(56, [](Story& story) {
    live(story);
    check_sessions(story);
    check_messages(story);
  });
}

TEST(SessionFaults, WhicheverCallFailsAWillThatWaitsIsPublishedOnce) {
  for_each_call(20, [](Story& story) {
    live_with_will(story);
    story.heal();
    story.perform([&] {
      story.restart();
      story.core().await_restored();
    });
    story.end();
    EXPECT_EQ(story.count("w"), 1U);
  });
}

/// What waits for one of two members of a group whose clients have gone, one of them for ever.
void live_in_a_group(Story& story, const std::vector<std::string>& payloads) {
  for (const char* id : {"stays", "leaves"}) {
    story.perform([&] {
      TestClient& client = story.connected(id, {});
      EXPECT_EQ(client.subscribe("$share/g/m/#", Qos::AtLeastOnce), Reason::GrantedQos1);
      client.close();
    });
  }
  PacketId id = 0;
  for (const std::string& payload : payloads) {
    ++id;
    story.perform([&] { story.publish("m/1", payload, Qos::AtLeastOnce, id); });
  }
  story.perform([&] { story.connected("leaves", {.clean_start = true, .expiry = 0}).close(); });
}

TEST(SessionFaults, WhicheverCallFailsWhatAMemberOfAGroupLeavesIsNotLost) {
  const std::vector<std::string> payloads{"1", "2", "3", "4"};
  for_each_call(24, [&](Story& story) {
    live_in_a_group(story, payloads);
    story.heal();
    story.restart();
    story.core().await_restored();
    TestClient& stays = story.connected("stays", {});
    TestClient& leaves = story.connected("leaves", {});  // it may be that its end was not kept
    EXPECT_TRUE(test::eventually([&] {
      std::set<std::string> received;
      for (TestClient* const client : {&stays, &leaves}) {
        for (const TestClient::Received& one : client->received()) received.insert(one.payload);
      }
      return received.size() == payloads.size();
    }));
    story.end();
  });
}

TEST(SessionFaults, TheQueueOfASessionThatCannotBeReadIsNotTakenForNobodys) {
  Story story(kFaults[0]);
  story.perform([&] {
    story.subscribe("m/#", Qos::ExactlyOnce);
    story.subscriber_leaves();
    story.publish_to_subscriber("away", Qos::AtLeastOnce, 1);
  });
  story.end();
  // Its client is there before the sessions are known, so that its session is the first one that is read.
  const std::size_t reads = story.store().reads();
  story.store().hold_scan(Table::Sessions);
  story.restart();
  DurableCore& core = story.core();
  TestClient& early = core.client();
  std::jthread connecting([&] { EXPECT_THROW(early.connect("subscriber", {}), ServerLost); });
  constexpr std::size_t kAtStart = 4;  // the store's two records, sessions, retained messages
  EXPECT_TRUE(test::eventually([&] { return story.store().reads() == reads + kAtStart && early.connects(); }));
  story.store().fail_read_after(0);
  story.store().let_scan();
  connecting.join();
  for (int i = 0; i < 10; ++i) {  // behind whatever the restorer may still read
    std::promise<void> read;
    core.storage().reader().read(storage::StoreReader::Urgency::Background, [&](auto&) { read.set_value(); });
    read.get_future().wait();
  }
  story.restart();
  story.perform([&] { story.subscriber_has_all(); });
}

TEST(SessionFaults, AMemberOfAGroupEndsThoughAMessageOfItsQueueIsGone) {
  Story story(kFaults[0]);
  story.perform([&] {
    for (const auto& [id, filter] : {std::pair("member", "$share/g/m/#"), std::pair("plain", "m/#")}) {
      TestClient& client = story.connected(id, {});
      client.subscribe(filter, Qos::AtLeastOnce);
      client.close();
    }
    story.publish("m/1", "shared", Qos::AtLeastOnce, 1);
    story.end();
  });
  std::vector<std::string> keys;
  EXPECT_TRUE(
      story.store()
          .inside()
          .scan(Table::Messages, {}, {}, [&](std::string_view key, auto) { return !keys.emplace_back(key).empty(); })
          .ok());
  ASSERT_EQ(keys.size(), 1U);
  storage::WriteBatch batch;
  batch.erase(Table::Messages, keys.front());
  const storage::WriteBatch* const batches[] = {&batch};
  ASSERT_TRUE(story.store().inside().write(batches, storage::Durability::Process).ok());
  story.perform([&] {
    story.restart();
    story.core().await_restored();
    TestClient& member = story.core().client();
    member.connect("member", {.clean_start = true, .expiry = 0});
    EXPECT_EQ(member.connect_reason(), Reason::Success);
    story.publish("m/1", "later", Qos::AtLeastOnce, 2);
    EXPECT_THAT(story.connected("plain", {}).payloads(1), testing::ElementsAre("later"));
  });
}

}  // namespace
}  // namespace sluice::session

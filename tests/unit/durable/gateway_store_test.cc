// SPDX-License-Identifier: Apache-2.0
// What a gateway keeps, on disk and in memory.
#include "broker/session/gateway_store.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/storage/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/durable/durable_core.h"

namespace sluice::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr auto kPatience = std::chrono::seconds(10);

/// What one call's end brings to the thread that waits for it.
template <class T>
class Answer {
 public:
  void set(T value) { promise_.set_value(std::move(value)); }
  T wait() {
    if (future_.wait_for(kPatience) != std::future_status::ready) throw std::runtime_error("no answer");
    return future_.get();
  }

 private:
  std::promise<T> promise_;
  std::future<T> future_ = promise_.get_future();
};

/// The value, if the key was found; checks on which shard the answer comes.
std::optional<std::string> get(GatewayStore& store, Shard& shard, const std::string& key) {
  Answer<std::optional<std::string>> answer;
  on_shard(shard, [&] {
    store.get(key, [&](GatewayStore::Value value) {
      EXPECT_EQ(Shard::current(), &shard);
      answer.set(value.found() ? std::optional(std::move(value.value)) : std::nullopt);
    });
  });
  return answer.wait();
}

Pairs scan(GatewayStore& store, Shard& shard, const std::string& prefix, bool all = true) {
  Answer<bool> answer;
  Pairs found;
  on_shard(shard, [&] {
    store.scan(
        prefix,
        [&](std::string_view key, std::string_view value) {
          EXPECT_EQ(Shard::current(), &shard);
          found.emplace_back(key, value);
        },
        [&](bool was_all) { answer.set(was_all); });
  });
  EXPECT_EQ(answer.wait(), all);
  return found;
}

void commit(GatewayStore& store, Shard& shard, CommitTicket ticket) {
  Answer<bool> answer;
  on_shard(shard, [&] { store.when_committed(ticket, [&] { answer.set(Shard::current() == &shard); }); });
  EXPECT_TRUE(answer.wait());
}

CommitTicket put(GatewayStore& store, Shard& shard, const std::string& key, const std::string& value) {
  return on_shard(shard, [&] { return store.put(key, value); });
}

std::string key_of(int i) { return "key/" + std::to_string(10'000 + i); }

class GatewayStoreTest : public testing::Test {
 protected:
  GatewayStoreTest() { start(); }
  void start() {
    begin();
    core_->await_restored();
  }
  void begin() {
    core_ = std::make_unique<DurableCore>(std::make_unique<test::FaultyStore>(store_),
                                          storage::StorageSettings{.folder = {}, .sync = storage::SyncPolicy::Always});
    gateway_ = core_->sessions().gateway_store("sn");
  }
  void restart() {
    core_.reset();
    start();
  }
  Shard& shard(std::size_t index = 0) { return core_->shard(index); }
  void put_many(int count) {
    const CommitTicket ticket = on_shard(shard(), [&] {
      CommitTicket last = 0;
      for (int i = 0; i < count; ++i) last = gateway_->put(key_of(i), std::to_string(i));
      return last;
    });
    commit(*gateway_, shard(), ticket);
  }

  const std::shared_ptr<test::FaultyStore> store_ =
      std::make_shared<test::FaultyStore>(std::make_unique<storage::MemoryStore>());
  std::unique_ptr<DurableCore> core_;
  std::unique_ptr<GatewayStore> gateway_;
};

TEST_F(GatewayStoreTest, WhatWasPutIsReadAndWhatWasErasedIsNot) {
  EXPECT_EQ(get(*gateway_, shard(), "key"), std::nullopt);
  put(*gateway_, shard(), "key", "old");
  EXPECT_EQ(get(*gateway_, shard(), "key"), "old");
  put(*gateway_, shard(), "key", "new");
  EXPECT_EQ(get(*gateway_, shard(), "key"), "new");
  on_shard(shard(), [&] { return gateway_->erase("key"); });
  EXPECT_EQ(get(*gateway_, shard(), "key"), std::nullopt);
}

TEST_F(GatewayStoreTest, KeysAndValuesAreBytes) {
  const std::string key("\0\xFF\0", 3);
  put(*gateway_, shard(), key, std::string("\0v", 2));
  put(*gateway_, shard(), "empty", "");
  put(*gateway_, shard(), "", "no key");
  put(*gateway_, shard(), "large", std::string(1 << 20, 'x'));
  EXPECT_EQ(get(*gateway_, shard(), key), std::string("\0v", 2));
  EXPECT_EQ(get(*gateway_, shard(), "empty"), "");
  EXPECT_EQ(get(*gateway_, shard(), ""), "no key");
  EXPECT_EQ(get(*gateway_, shard(), "large"), std::string(1 << 20, 'x'));
}

TEST_F(GatewayStoreTest, AReadIsBehindWhatTheSameTurnHasPut) {
  Answer<GatewayStore::Value> answer;
  on_shard(shard(), [&] {
    gateway_->put("key", "1");
    gateway_->put("key", "2");
    gateway_->get("key", [&](GatewayStore::Value value) { answer.set(std::move(value)); });
  });
  EXPECT_EQ(answer.wait().value, "2");
}

TEST_F(GatewayStoreTest, AnotherShardReadsWhatIsCommitted) {
  commit(*gateway_, shard(0), put(*gateway_, shard(0), "key", "value"));
  EXPECT_EQ(get(*gateway_, shard(1), "key"), "value");
}

TEST_F(GatewayStoreTest, GatewaysDoNotSeeEachOther) {
  const auto other = core_->sessions().gateway_store("s");
  put(*gateway_, shard(), "key", "sn");
  put(*other, shard(), "nkey", "s");
  EXPECT_THAT(scan(*gateway_, shard(), ""), ElementsAre(std::pair("key", "sn")));
  EXPECT_THAT(scan(*other, shard(), ""), ElementsAre(std::pair("nkey", "s")));
}

TEST_F(GatewayStoreTest, AScanVisitsWhatBeginsWithThePrefixInOrder) {
  for (const char* key : {"b/2", "a/1", "b", "b/10", "c"}) put(*gateway_, shard(), key, "v");
  EXPECT_THAT(scan(*gateway_, shard(), "b/"), ElementsAre(std::pair("b/10", "v"), std::pair("b/2", "v")));
  EXPECT_THAT(scan(*gateway_, shard(), "d"), IsEmpty());
}

TEST_F(GatewayStoreTest, AScanOfSeveralPagesMissesNothing) {
  for (const int count : {255, 256, 257, 512, 600}) {
    SCOPED_TRACE(count);
    put_many(count);
    const Pairs found = scan(*gateway_, shard(1), "key/");
    ASSERT_EQ(found.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)].second, std::to_string(i));
  }
}

TEST_F(GatewayStoreTest, AScanGoesOnThoughWhatItVisitsIsErased) {
  put_many(600);
  Answer<bool> answer;
  int visited = 0;
  on_shard(shard(), [&] {
    gateway_->scan(
        "key/",
        [&](std::string_view key, std::string_view) {
          ++visited;
          gateway_->erase(key);
        },
        [&](bool all) { answer.set(all); });
  });
  EXPECT_TRUE(answer.wait());
  EXPECT_EQ(visited, 600);
  EXPECT_THAT(scan(*gateway_, shard(), ""), IsEmpty());
}

TEST_F(GatewayStoreTest, ItIsThereAfterARestart) {
  put_many(300);
  commit(*gateway_, shard(), on_shard(shard(), [&] { return gateway_->erase(key_of(7)); }));
  restart();
  EXPECT_EQ(get(*gateway_, shard(), key_of(8)), "8");
  EXPECT_EQ(get(*gateway_, shard(), key_of(7)), std::nullopt);
  EXPECT_EQ(scan(*gateway_, shard(), "").size(), 299U);
}

TEST_F(GatewayStoreTest, WhileTheStoreFailsEverythingIsStillBehindWhatWasPut) {
  commit(*gateway_, shard(), put(*gateway_, shard(), "key", "old"));
  store_->fail_after(0, storage::StoreErrc::Io);
  Answer<std::string> got;
  Answer<std::size_t> scanned;
  const CommitTicket ticket = put(*gateway_, shard(), "key", "new");
  while (core_->storage().health().good()) std::this_thread::yield();
  std::size_t visited = 0;
  on_shard(shard(), [&] {
    gateway_->put("another", "1");
    gateway_->get("key", [&](const GatewayStore::Value& value) { got.set(value.value); });
    gateway_->scan("", [&](auto, auto) { ++visited; }, [&](bool) { scanned.set(visited); });
  });
  commit(*gateway_, shard(), ticket);
  std::optional<std::string> value;
  EXPECT_TRUE(store_->inside().get(storage::Table::Gateways, storage::gateway_key("sn", "key"), value).ok());
  EXPECT_EQ(value, "new");
  EXPECT_EQ(got.wait(), "new");
  EXPECT_EQ(scanned.wait(), 2U);
}

TEST_F(GatewayStoreTest, WhileSessionsAreRestoredEverythingIsStillBehindWhatWasPut) {
  commit(*gateway_, shard(), put(*gateway_, shard(), "key", "old"));
  core_.reset();
  store_->hold_scan(storage::Table::Sessions);
  begin();
  Answer<std::string> got;
  on_shard(shard(), [&] {
    gateway_->put("key", "new");
    gateway_->get("key", [&](const GatewayStore::Value& value) { got.set(value.value); });
  });
  store_->let_scan();
  EXPECT_EQ(got.wait(), "new");
}

TEST_F(GatewayStoreTest, WhatCannotBeReadIsNotTakenForAbsent) {
  commit(*gateway_, shard(), put(*gateway_, shard(), "key", "value"));
  store_->fail_read_after(0);
  Answer<GatewayStore::Value::State> answer;
  on_shard(shard(), [&] { gateway_->get("key", [&](const GatewayStore::Value& value) { answer.set(value.state); }); });
  EXPECT_EQ(answer.wait(), GatewayStore::Value::State::Unreadable);
  EXPECT_EQ(get(*gateway_, shard(), "key"), "value");
}

TEST_F(GatewayStoreTest, AScanThatCannotReadAPageEndsAndSaysSo) {
  put_many(300);
  store_->fail_read_after(1);
  EXPECT_EQ(scan(*gateway_, shard(), "", false).size(), 256U);
}

TEST(MemoryGatewayStore, KeepsWhatItIsGiven) {
  router::Router router{{}};
  auth::AccessControl access{{}};
  hooks::HookPoints hooks;
  retainer::RamRetainedStore retained;
  retainer::Retainer retainer{retainer::RetainerSettings{}, retained};
  SessionCore core{.router = router,
                   .retainer = retainer,
                   .access = access,
                   .hooks = hooks,
                   .table = {},
                   .registry = {},
                   .contexts = {}};
  const auto store = make_gateway_store(core, "sn");
  EXPECT_EQ(store->put("a/1", "old"), 0U);
  store->put("a/1", "1");
  store->put("a/2", "2");
  store->put("b", "3");
  EXPECT_EQ(store->erase("b"), 0U);
  store->erase("unknown");
  std::vector<std::string> told;
  store->get("a/1", [&](const GatewayStore::Value& value) { told.push_back(value.found() ? value.value : "-"); });
  store->get("b", [&](const GatewayStore::Value& value) { told.push_back(value.found() ? value.value : "-"); });
  store->scan(
      "a/",
      [&](std::string_view key, std::string_view value) {
        told.push_back(std::string(key) + "=" + std::string(value));
      },
      [&](bool all) { told.emplace_back(all ? "end" : "not all"); });
  store->when_committed(0, [&] { told.emplace_back("committed"); });
  EXPECT_THAT(told, ElementsAre("1", "-", "a/1=1", "a/2=2", "end", "committed"));
}

}  // namespace
}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/commit_log.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/commit_log/commit_log_fixture.h"

namespace sluice::storage {
namespace {

using test::eventually;

TEST(CommitLog, WhatWaitsWhileAWriteIsUnderWayIsWrittenAsOne) {
  GatedStore store;
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  Listener listener;
  store.close_gate();
  log.start();
  log.submit(batch_of("first", "1"), &listener, 1);
  ASSERT_TRUE(eventually([&] { return store.held(); }));
  for (CommitTicket ticket = 2; ticket <= 1000; ++ticket) {
    log.submit(batch_of("key" + std::to_string(ticket), "2"), &listener, ticket);
  }
  EXPECT_TRUE(listener.told().empty());
  store.open_gate();
  ASSERT_TRUE(eventually([&] { return listener.last() == 1000; }));
  EXPECT_EQ(listener.told(), (std::vector<CommitTicket>{1, 1000}));
  EXPECT_EQ(store.writes(), 2U);
  EXPECT_EQ(log.last_batch(), 2U);
  EXPECT_EQ(value_of(store, CommitLog::kBatchKey, Table::Meta), [] {
    std::string two;
    encode_number(2, two);
    return two;
  }());
}

TEST(CommitLog, ChangesApplyInTheOrderOfTheirSubmission) {
  GatedStore store;
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  Listener one;
  Listener other;
  log.submit(batch_of("key", "1"), &one, 1);
  log.submit(batch_of("key", "2"), &other, 7);
  log.submit(batch_of("key", "3"), &one, 2);
  log.start();
  log.stop();
  EXPECT_EQ(value_of(store, "key"), "3");
  EXPECT_EQ(one.told(), std::vector<CommitTicket>{2});
  EXPECT_EQ(other.told(), std::vector<CommitTicket>{7});
}

TEST(CommitLog, JobsRunBehindWhatWasSubmittedBefore) {
  GatedStore store;
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  std::vector<std::string> seen;
  log.submit(batch_of("key", "1"), nullptr, 0);
  log.after_writes([&](bool written) { seen.push_back(written ? value_of(store, "key") : "not written"); });
  log.after_writes([&](bool) { seen.emplace_back("second"); });
  log.start();
  log.stop();
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "second"}));
}

class LateSource final : public LateChanges {
 public:
  void collect(WriteBatch& batch) override {
    const std::lock_guard guard(mutex);
    if (!value.empty()) batch.put(Table::Retained, "topic", std::exchange(value, {}));
  }
  std::mutex mutex;
  std::string value;
};

TEST(CommitLog, LateChangesAreLookedUpWhenTheyAreWritten) {
  GatedStore store;
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  LateSource late;
  Listener listener;
  log.add_late_changes(late);
  late.value = "early";
  log.submit({}, nullptr, 0);
  {
    const std::lock_guard guard(late.mutex);
    late.value = "late";
  }
  log.submit({}, &listener, 1);
  log.start();
  ASSERT_TRUE(eventually([&] { return listener.last() == 1; }));
  EXPECT_EQ(value_of(store, "topic", Table::Retained), "late");
  EXPECT_EQ(store.writes(), 1U);
}

TEST(CommitLog, AnEmptyBatchIsNotWritten) {
  GatedStore store;
  StoreHealth health;
  CommitLog log(store, health, quick(), 5);
  Listener listener;
  log.submit({}, &listener, 1);
  log.start();
  ASSERT_TRUE(eventually([&] { return listener.last() == 1; }));
  EXPECT_EQ(store.writes(), 0U);
  EXPECT_EQ(log.last_batch(), 5U);
}

TEST(CommitLog, StopPutsEverythingOnTheDevice) {
  for (const SyncPolicy policy : {SyncPolicy::Os, SyncPolicy::Interval}) {
    GatedStore store;
    StoreHealth health;
    CommitSettings settings = quick(policy);
    settings.sync_interval = std::chrono::hours(1);
    CommitLog log(store, health, settings, 0);
    log.start();
    log.submit(batch_of("key", "1"), nullptr, 0);
    log.stop();
    EXPECT_EQ(value_of(store, "key"), "1");
    EXPECT_EQ(store.syncs(), 1U);
  }
}

TEST(CommitLog, FlushWaitsForTheWrites) {
  GatedStore store;
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  log.start();
  log.submit(batch_of("key", "1"), nullptr, 0);
  EXPECT_TRUE(log.flush());
  EXPECT_EQ(value_of(store, "key"), "1");
  EXPECT_EQ(store.syncs(), 1U);
}

TEST(CommitLog, ABacklogOverItsLimitIsTroubleUntilHalfOfItIsWritten) {
  GatedStore store;
  StoreHealth health;
  const HealthStory story(health);
  CommitSettings settings = quick();
  settings.max_backlog = 10'000;
  CommitLog log(store, health, settings, 0);
  store.close_gate();
  log.start();
  log.submit(batch_of("a", std::string(9'000, 'x')), nullptr, 0);
  EXPECT_FALSE(log.overloaded());
  log.submit(batch_of("b", std::string(2'000, 'x')), nullptr, 0);
  log.submit(batch_of("c", std::string(2'000, 'x')), nullptr, 0);
  EXPECT_TRUE(log.overloaded());
  EXPECT_GT(log.backlog(), 13'000U);
  store.open_gate();
  ASSERT_TRUE(eventually([&] { return story.told().size() == 2; }));
  EXPECT_EQ(story.told(), (std::vector<std::string>{"+storage_slow", "-storage_slow"}));
  EXPECT_FALSE(log.overloaded());
  log.stop();
  EXPECT_EQ(log.backlog(), 0U);
}

TEST(CommitLog, ABacklogUnderManyThreadsEndsAtNothing) {
  GatedStore store;
  StoreHealth health;
  CommitSettings settings = quick();
  settings.max_backlog = 500;
  CommitLog log(store, health, settings, 0);
  log.start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2'000; ++n) log.submit(batch_of("key", std::string(100, 'x')), nullptr, 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(log.flush());
  EXPECT_TRUE(eventually([&] { return log.backlog() == 0 && health.good(); }));
}

TEST(CommitLog, AWriteThatTakesTooLongIsTroubleUntilOneIsFaster) {
  GatedStore store;
  StoreHealth health;
  const HealthStory story(health);
  CommitSettings settings = quick();
  settings.slow_after = std::chrono::milliseconds(20);
  CommitLog log(store, health, settings, 0);
  log.start();
  log.look_at_clock();
  EXPECT_TRUE(health.good());
  store.close_gate();
  log.submit(batch_of("key", "1"), nullptr, 0);
  ASSERT_TRUE(eventually([&] {
    log.look_at_clock();
    return health.has(StoreTrouble::Slow);
  }));
  EXPECT_FALSE(log.overloaded());
  store.open_gate();
  // Nothing is submitted: looking at the clock is enough.
  ASSERT_TRUE(eventually([&] {
    log.look_at_clock();
    return story.told().back() == "-storage_slow";
  }));
  EXPECT_EQ(story.told().front(), "+storage_slow");
  EXPECT_TRUE(health.good());
}

TEST(CommitLog, ASyncThatTakesTooLongIsTroubleUntilOneIsFaster) {
  GatedStore store;
  StoreHealth health;
  const HealthStory story(health);
  CommitSettings settings = quick();
  settings.sync = SyncPolicy::Interval;
  settings.sync_interval = std::chrono::milliseconds(1);
  settings.slow_after = std::chrono::milliseconds(20);
  CommitLog log(store, health, settings, 0);
  log.start();
  store.hold_syncs(true);
  log.submit(batch_of("key", "1"), nullptr, 0);
  ASSERT_TRUE(eventually([&] {
    log.look_at_clock();
    return health.has(StoreTrouble::Slow);
  }));
  EXPECT_THAT(health.why(), testing::HasSubstr("a sync has been under way for "));
  // Writes are as fast as ever, and do not end it.
  const std::size_t before = store.writes();
  log.submit(batch_of("key", "2"), nullptr, 0);
  ASSERT_TRUE(eventually([&] { return store.writes() > before; }));
  EXPECT_TRUE(health.has(StoreTrouble::Slow));
  store.hold_syncs(false);
  // Nothing more is submitted: looking at the clock is enough.
  ASSERT_TRUE(eventually([&] {
    log.look_at_clock();
    return story.told().back() == "-storage_slow";
  }));
  EXPECT_TRUE(health.good());
}

}  // namespace
}  // namespace sluice::storage

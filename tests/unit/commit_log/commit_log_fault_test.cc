// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/commit_log/commit_log_fixture.h"

namespace sluice::storage {
namespace {

using test::eventually;
using test::FaultyStore;

struct Fault {
  const char* name;
  SyncPolicy sync;
  FaultyStore::Applied applied;
  std::size_t recoveries;
};

class CommitLogFaultTest : public testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, CommitLogFaultTest,
                         testing::Values(Fault{"Lost", SyncPolicy::Os, FaultyStore::Applied::No, 0},
                                         Fault{"Applied", SyncPolicy::Os, FaultyStore::Applied::Yes, 0},
                                         Fault{"RecoveringFails", SyncPolicy::Always, FaultyStore::Applied::No, 3},
                                         Fault{"WritesOrSyncs", SyncPolicy::Interval, FaultyStore::Applied::No, 1}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(CommitLogFaultTest, WhicheverCallFailsNothingIsLostAndNobodyIsToldTooEarly) {
  constexpr CommitTicket kBatches = 8;
  for (std::size_t calls = 0; calls <= kBatches; ++calls) {
    SCOPED_TRACE(calls);
    FaultyStore store(std::make_unique<MemoryStore>());
    StoreHealth health;
    const HealthStory story(health);
    CommitLog log(store, health, quick(GetParam().sync), 0);
    Listener listener([&](CommitTicket ticket) {
      for (CommitTicket each = 1; each <= ticket; ++each) {
        EXPECT_EQ(value_of(store, std::to_string(each)), "x") << "told of " << ticket;
      }
    });
    store.fail_after(calls, StoreErrc::Io, GetParam().recoveries, GetParam().applied);
    log.start();
    for (CommitTicket ticket = 1; ticket <= kBatches; ++ticket) {
      log.submit(batch_of(std::to_string(ticket), "x"), &listener, ticket);
      ASSERT_TRUE(eventually([&] { return listener.last() == ticket; }));
    }
    ASSERT_TRUE(eventually([&] { return health.good() && story.told().size() % 2 == 0; }));
    EXPECT_TRUE(std::ranges::is_sorted(listener.told()));
    const std::vector<std::string> told = story.told();
    for (std::size_t i = 0; i < told.size(); ++i)
      EXPECT_EQ(told[i], i % 2 == 0 ? "+storage_failing" : "-storage_failing");
    if (GetParam().sync != SyncPolicy::Interval) {
      EXPECT_EQ(told.size(), calls < kBatches ? 2U : 0U);
    }
  }
}

TEST(CommitLogFault, AFailedSyncIsRecoveredThoughNobodyWrites) {
  FaultyStore store(std::make_unique<MemoryStore>());
  StoreHealth health;
  const HealthStory story(health);
  CommitLog log(store, health, quick(SyncPolicy::Interval), 0);
  Listener listener;
  store.fail_after(1, StoreErrc::Io);
  log.start();
  log.submit(batch_of("key", "1"), &listener, 1);
  ASSERT_TRUE(eventually([&] { return story.told().size() >= 2; }));
  EXPECT_EQ(story.told()[0], "+storage_failing");
  EXPECT_EQ(story.told()[1], "-storage_failing");
}

TEST(CommitLogFault, TheTroubleHasASentenceThatSaysWhatToDo) {
  FaultyStore store(std::make_unique<MemoryStore>());
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  store.fail_after(0, StoreErrc::NoSpace, SIZE_MAX);
  log.start();
  log.submit(batch_of("key", "1"), nullptr, 0);
  ASSERT_TRUE(eventually([&] { return !health.good(); }));
  EXPECT_EQ(health.why(), "a fault that a test asked for; make room on its file system");
}

TEST(CommitLogFault, JobsRunAtOnceWhileNothingCanBeWritten) {
  FaultyStore store(std::make_unique<MemoryStore>());
  StoreHealth health;
  CommitLog log(store, health, quick(), 0);
  store.fail_after(0, StoreErrc::Io, SIZE_MAX);
  std::atomic<int> early{-1};
  log.submit(batch_of("key", "1"), nullptr, 0);
  log.after_writes([&](bool written) { early = written ? 1 : 0; });
  log.start();
  ASSERT_TRUE(eventually([&] { return early != -1; }));
  EXPECT_EQ(early, 0);
  int late = -1;
  log.after_writes([&](bool written) { late = written ? 1 : 0; });
  EXPECT_EQ(late, 0);
  EXPECT_FALSE(log.flush());
}

TEST(CommitLogFault, StopEndsThoughTheStoreFailsAndNothingIsWrittenPastAGap) {
  FaultyStore store(std::make_unique<MemoryStore>());
  StoreHealth health;
  CommitSettings settings = quick();
  settings.retry_after = std::chrono::hours(1);
  CommitLog log(store, health, settings, 0);
  Listener listener;
  store.fail_after(0, StoreErrc::Io, SIZE_MAX);
  log.start();
  log.submit(batch_of("first", "1"), &listener, 1);
  ASSERT_TRUE(eventually([&] { return health.has(StoreTrouble::Failing); }));
  log.submit(batch_of("second", "1"), &listener, 2);
  store.fail_after(SIZE_MAX, StoreErrc::Io);
  log.stop();
  EXPECT_TRUE(listener.told().empty());
  EXPECT_EQ(value_of(store, "second"), "");
}

}  // namespace
}  // namespace sluice::storage

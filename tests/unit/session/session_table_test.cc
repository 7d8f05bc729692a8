// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_table.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

/// The table only keeps the address.
ClientSession& somebody(int& place) { return reinterpret_cast<ClientSession&>(place); }

TEST(SessionTable, ARefFindsItsSessionOnItsShardOnly) {
  SessionTable table;
  int one = 0;
  const SessionRef ref = table.acquire(somebody(one), 1);
  ASSERT_TRUE(ref);
  EXPECT_EQ(table.shard_of(ref), 1U);
  EXPECT_EQ(table.find(ref, 1), &somebody(one));
  EXPECT_EQ(table.find(ref, 0), nullptr);
}

TEST(SessionTable, ARefToASessionThatIsGoneFindsNothingThoughTheSlotIsUsedAgain) {
  SessionTable table;
  int one = 0;
  int two = 0;
  const SessionRef old = table.acquire(somebody(one), 0);
  table.release(old);
  EXPECT_EQ(table.shard_of(old), SessionTable::kNowhere);
  const SessionRef fresh = table.acquire(somebody(two), 0);
  EXPECT_EQ(fresh.slot, old.slot);
  EXPECT_EQ(table.find(old, 0), nullptr);
  EXPECT_EQ(table.find(fresh, 0), &somebody(two));
  EXPECT_EQ(table.shard_of({.slot = 0xFFFFFFFF, .generation = 1}), SessionTable::kNowhere);
}

TEST(SessionTable, VisitsTheSessionsOfAShardInChunks) {
  SessionTable table;
  std::vector<int> places(10'000);
  for (std::size_t i = 0; i < places.size(); ++i) table.acquire(somebody(places[i]), i % 2);
  std::size_t seen = 0;
  std::uint32_t slot = 1;
  do {
    slot = table.visit(1, slot, 1000, [&](ClientSession&) { ++seen; });
  } while (slot != 0);
  EXPECT_EQ(seen, places.size() / 2);
}

TEST(SessionTable, PromisesNoMorePlacesThanThereAre) {
  SessionTable table;
  int one = 0;
  const SessionRef ref = table.acquire(somebody(one), 0);
  EXPECT_TRUE(table.reserve(ref, 2));
  EXPECT_TRUE(table.reserve(ref, 2));
  EXPECT_FALSE(table.reserve(ref, 2));
  table.unreserve(ref);
  EXPECT_TRUE(table.reserve(ref, 2));
  table.note_queue(ref, 1, true);
  EXPECT_EQ(table.promised(ref), 1U);
  EXPECT_FALSE(table.reserve(ref, 2)) << "one waits, one is on its way";
  EXPECT_TRUE(table.reserve(ref, SessionTable::kNoLimit));
  table.note_queue(ref, 0, true);
  table.note_queue(ref, 0, true);
  EXPECT_EQ(table.promised(ref), 0U);
  EXPECT_TRUE(table.reserve(ref, 1));
}

TEST(SessionTable, APromiseEndsWithItsSession) {
  SessionTable table;
  int one = 0;
  int two = 0;
  const SessionRef old = table.acquire(somebody(one), 0);
  EXPECT_TRUE(table.reserve(old, 1));
  EXPECT_TRUE(table.begin_refusing(old));
  table.release(old);
  EXPECT_TRUE(table.reserve(old, 1)) << "nothing will be delivered";
  EXPECT_FALSE(table.begin_refusing(old));
  const SessionRef fresh = table.acquire(somebody(two), 0);
  ASSERT_EQ(fresh.slot, old.slot);
  table.unreserve(old);
  table.note_queue(old, 7, true);
  EXPECT_TRUE(table.reserve(fresh, 1));
  EXPECT_FALSE(table.reserve(fresh, 1));
  table.unreserve(old);
  EXPECT_EQ(table.promised(fresh), 1U);
}

TEST(SessionTable, TheFirstRefusalOfAnEpisodeIsKnown) {
  SessionTable table;
  int one = 0;
  const SessionRef ref = table.acquire(somebody(one), 0);
  EXPECT_TRUE(table.begin_refusing(ref));
  EXPECT_FALSE(table.begin_refusing(ref));
  table.end_refusing(ref);
  EXPECT_TRUE(table.begin_refusing(ref));
}

TEST(SessionTable, PublishersOnAllShardsTogetherGetNoMoreThanThereIs) {
  constexpr std::size_t kLimit = 64;
  constexpr int kPublishers = 3;
  constexpr int kMessages = 500'000;
  SessionTable table;
  int one = 0;
  const SessionRef ref = table.acquire(somebody(one), 0);
  std::atomic<std::size_t> sent{0};
  std::atomic<int> running{kPublishers};
  std::vector<std::thread> publishers;
  for (int i = 0; i < kPublishers; ++i) {
    publishers.emplace_back([&] {
      for (int n = 0; n < kMessages; ++n) {
        if (!table.reserve(ref, kLimit)) continue;
        if (n % 7 == 0) {
          table.unreserve(ref);  // another session refused
        } else {
          sent.fetch_add(1);
        }
      }
      running.fetch_sub(1);
    });
  }
  // The session: takes what was sent, keeps some of it for a while.
  std::size_t waiting = 0;
  std::size_t longest = 0;
  while (running.load() > 0 || sent.load() > 0) {
    if (sent.load() > 0) {
      sent.fetch_sub(1);
      table.note_queue(ref, ++waiting, true);
      longest = std::max(longest, waiting);
    }
    if (waiting > kLimit / 2 || sent.load() == 0) table.note_queue(ref, waiting = 0, false);
  }
  for (std::thread& publisher : publishers) publisher.join();
  EXPECT_LE(longest, kLimit);
  EXPECT_EQ(table.promised(ref), 0U);
}

}  // namespace
}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_table.h"

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

}  // namespace
}  // namespace sluice::session

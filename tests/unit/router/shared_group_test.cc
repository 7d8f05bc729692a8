// SPDX-License-Identifier: Apache-2.0
#include "broker/router/shared_group.h"

#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace sluice::router {
namespace {

constexpr SessionRef kPublisher{99, 1};

SessionRef session(std::uint32_t slot) { return {slot, 1}; }

void fill(SharedGroup& group, std::uint32_t members) {
  for (std::uint32_t i = 1; i <= members; ++i) group.put({session(i), {}, i, false});
}

std::map<std::uint32_t, int> spread(const SharedGroup& group, PickStrategy strategy, int messages) {
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < messages; ++i) ++counts[group.pick(strategy, kPublisher).session.slot];
  return counts;
}

TEST(SharedGroup, NamesOfStrategies) {
  EXPECT_EQ(parse_pick_strategy("round_robin"), PickStrategy::RoundRobin);
  EXPECT_EQ(parse_pick_strategy("random"), PickStrategy::Random);
  EXPECT_EQ(parse_pick_strategy("sticky"), PickStrategy::Sticky);
  EXPECT_EQ(parse_pick_strategy("hash"), PickStrategy::Hash);
  EXPECT_EQ(parse_pick_strategy("best"), std::nullopt);
}

TEST(SharedGroup, RoundRobinIsFair) {
  SharedGroup group("g");
  fill(group, 3);
  EXPECT_EQ(spread(group, PickStrategy::RoundRobin, 300), (std::map<std::uint32_t, int>{{1, 100}, {2, 100}, {3, 100}}));
}

TEST(SharedGroup, RandomReachesEverybody) {
  SharedGroup group("g");
  fill(group, 3);
  EXPECT_EQ(spread(group, PickStrategy::Random, 1000).size(), 3U);
}

TEST(SharedGroup, StickyStaysUntilTheMemberLeaves) {
  SharedGroup group("g");
  fill(group, 3);
  const auto before = spread(group, PickStrategy::Sticky, 10);
  ASSERT_EQ(before.size(), 1U);
  const std::uint32_t chosen = before.begin()->first;
  EXPECT_TRUE(group.erase(session(chosen == 3 ? 2 : 3), false));
  EXPECT_EQ(spread(group, PickStrategy::Sticky, 10).begin()->first, chosen);
  EXPECT_TRUE(group.erase(session(chosen), false));
  const auto after = spread(group, PickStrategy::Sticky, 10);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_NE(after.begin()->first, chosen);
}

TEST(SharedGroup, HashKeepsAPublisherWithOneMemberAndSpreadsPublishers) {
  SharedGroup group("g");
  fill(group, 4);
  EXPECT_EQ(spread(group, PickStrategy::Hash, 50).size(), 1U);
  std::set<std::uint32_t> members;
  for (std::uint32_t i = 0; i < 100; ++i) members.insert(group.pick(PickStrategy::Hash, {i + 1, 7}).session.slot);
  EXPECT_EQ(members.size(), 4U);
}

TEST(SharedGroup, DetachedMembersComeLast) {
  SharedGroup group("g");
  fill(group, 3);
  group.set_attached(session(1), false, false);
  group.set_attached(session(3), false, false);
  EXPECT_EQ(spread(group, PickStrategy::RoundRobin, 10), (std::map<std::uint32_t, int>{{2, 10}}));
  group.set_attached(session(2), false, false);
  EXPECT_EQ(spread(group, PickStrategy::RoundRobin, 9).size(), 3U) << "nobody attached: queued for all in turn";
  group.set_attached(session(3), false, true);
  EXPECT_EQ(spread(group, PickStrategy::RoundRobin, 10), (std::map<std::uint32_t, int>{{3, 10}}));
}

TEST(SharedGroup, AnotherMemberIsNeverAnExcludedOne) {
  SharedGroup group("g");
  fill(group, 3);
  group.set_attached(session(3), false, false);
  const std::array first{session(1)};
  const std::array both{session(1), session(2)};
  const std::array all{session(1), session(2), session(3)};
  for (const auto strategy :
       {PickStrategy::RoundRobin, PickStrategy::Random, PickStrategy::Sticky, PickStrategy::Hash}) {
    EXPECT_EQ(group.pick_other(strategy, kPublisher, first)->session, session(2));
    EXPECT_EQ(group.pick_other(strategy, kPublisher, both)->session, session(3));
    EXPECT_EQ(group.pick_other(strategy, kPublisher, all), nullptr);
  }
}

TEST(SharedGroup, JoiningAgainReplacesTheOptions) {
  SharedGroup group("g");
  fill(group, 2);
  EXPECT_FALSE(group.put({session(1), {.qos = Qos::ExactlyOnce}, 77, false}));
  EXPECT_EQ(group.members().size(), 2U);
  const std::array second{session(2)};
  EXPECT_EQ(group.pick_other(PickStrategy::Sticky, kPublisher, second)->subscription_id(), 77U);
}

}  // namespace
}  // namespace sluice::router

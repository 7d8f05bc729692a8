// SPDX-License-Identifier: Apache-2.0
#include "broker/router/router.h"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shared/metrics/registry.h"

namespace sluice::router {
namespace {

constexpr SessionRef kPublisher{1000, 1};

SessionRef session(std::uint32_t slot) { return {slot, 1}; }

class RouterTest : public testing::Test {
 protected:
  SubscribeResult subscribe(std::uint32_t slot, std::string_view filter, SubscriptionOptions options = {},
                            std::uint32_t id = 0) {
    return router_.subscribe(session(slot), parse_filter(filter).value(), options, id);
  }
  bool unsubscribe(std::uint32_t slot, std::string_view filter) {
    return router_.unsubscribe(session(slot), parse_filter(filter).value());
  }
  std::multiset<std::uint32_t> match(std::string_view topic, SessionRef publisher = kPublisher) {
    router_.match(0, topic, publisher, matches_);
    std::multiset<std::uint32_t> slots;
    for (const Match& match : matches_) slots.insert(match.session.slot);
    return slots;
  }

  Router router_{{.shards = 2}};
  std::vector<Match> matches_;
};

using Slots = std::multiset<std::uint32_t>;

TEST_F(RouterTest, ExactAndWildcardFiltersMatchTogether) {
  subscribe(1, "a/b");
  subscribe(2, "a/+");
  subscribe(3, "a/#");
  subscribe(4, "#");
  subscribe(5, "a/c");
  EXPECT_EQ(match("a/b"), (Slots{1, 2, 3, 4}));
  EXPECT_EQ(match("a"), (Slots{3, 4}));
  EXPECT_EQ(match("$SYS/b"), Slots{});
}

TEST_F(RouterTest, OverlappingSubscriptionsYieldOneEntryEach) {
  subscribe(1, "a/b", {.qos = Qos::AtLeastOnce}, 7);
  subscribe(1, "a/#", {.qos = Qos::ExactlyOnce, .retain_as_published = true}, 8);
  EXPECT_EQ(match("a/b"), (Slots{1, 1}));
  std::map<std::uint32_t, SubscriptionOptions> by_id;
  for (const Match& match : matches_) by_id[match.subscription_id] = match.options;
  EXPECT_EQ(by_id.at(7).qos, Qos::AtLeastOnce);
  EXPECT_EQ(by_id.at(8), (SubscriptionOptions{.qos = Qos::ExactlyOnce, .retain_as_published = true}));
}

TEST_F(RouterTest, MQTT_3_8_4_3_SubscribingAgainReplaces) {
  const SubscribeResult first = subscribe(1, "a/+");
  EXPECT_FALSE(first.replaced);
  EXPECT_TRUE(first.first);
  const SubscribeResult again = subscribe(1, "a/+", {.qos = Qos::AtLeastOnce}, 5);
  EXPECT_TRUE(again.replaced);
  EXPECT_FALSE(again.first);
  EXPECT_FALSE(subscribe(2, "a/+").first);
  EXPECT_EQ(match("a/b"), (Slots{1, 2}));
  EXPECT_EQ(router_.stats().subscriptions, 2U);
}

TEST_F(RouterTest, MQTT_3_8_3_3_NoLocalSparesThePublisherOnly) {
  subscribe(1, "a", {.no_local = true});
  subscribe(2, "a", {.no_local = true});
  subscribe(1, "#");
  EXPECT_EQ(match("a", session(1)), (Slots{1, 2})) << "its other subscription still counts";
  EXPECT_EQ(match("a", session(3)), (Slots{1, 1, 2}));
}

TEST_F(RouterTest, UnsubscribingRemovesExactlyThat) {
  subscribe(1, "a/b");
  subscribe(1, "$local/a/b");
  subscribe(1, "$share/g/a/b");
  subscribe(1, "$queue/a/b");
  EXPECT_EQ(match("a/b").size(), 4U);
  EXPECT_TRUE(unsubscribe(1, "$share/g/a/b"));
  EXPECT_FALSE(unsubscribe(1, "$share/g/a/b"));
  EXPECT_FALSE(unsubscribe(1, "$share/h/a/b"));
  EXPECT_FALSE(unsubscribe(2, "a/b"));
  EXPECT_FALSE(unsubscribe(1, "a/+"));
  EXPECT_TRUE(unsubscribe(1, "a/b"));
  EXPECT_TRUE(unsubscribe(1, "$local/a/b"));
  EXPECT_EQ(match("a/b"), Slots{1});
  EXPECT_TRUE(unsubscribe(1, "$queue/a/b"));
  EXPECT_EQ(router_.stats().routes, 0U);
  EXPECT_EQ(router_.stats().groups, 0U);
}

TEST_F(RouterTest, SharedGroupsYieldOneMemberEach) {
  for (std::uint32_t i = 1; i <= 2; ++i) subscribe(i, "$share/one/a/#");
  for (std::uint32_t i = 3; i <= 5; ++i) subscribe(i, "$share/two/a/#");
  subscribe(6, "$queue/a/#");
  subscribe(7, "a/#");
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < 6; ++i) {
    for (const std::uint32_t slot : match("a/b")) ++counts[slot];
  }
  EXPECT_EQ(counts, (std::map<std::uint32_t, int>{{1, 3}, {2, 3}, {3, 2}, {4, 2}, {5, 2}, {6, 6}, {7, 6}}));
}

TEST_F(RouterTest, TheSameGroupNameOnAnotherFilterIsAnotherGroup) {
  subscribe(1, "$share/g/a");
  subscribe(2, "$share/g/+");
  EXPECT_EQ(match("a"), (Slots{1, 2}));
}

TEST_F(RouterTest, RedeliveryGoesToAnotherMember) {
  subscribe(1, "$share/g/a", {}, 11);
  subscribe(2, "$share/g/a", {.qos = Qos::AtLeastOnce}, 12);
  match("a");
  ASSERT_EQ(matches_.size(), 1U);
  const Match first = matches_.front();
  ASSERT_TRUE(first.group);
  const std::array excluded{first.session};
  const auto other = router_.pick_other(0, first.group, kPublisher, excluded);
  ASSERT_TRUE(other);
  EXPECT_NE(other->session, first.session);
  EXPECT_EQ(other->subscription_id, other->session.slot == 1 ? 11U : 12U);
  EXPECT_EQ(other->group, first.group);
  unsubscribe(1, "$share/g/a");
  unsubscribe(2, "$share/g/a");
  subscribe(3, "$share/h/a");
  EXPECT_FALSE(router_.pick_other(0, first.group, kPublisher, {})) << "a later group in the same place is another";
  EXPECT_FALSE(router_.pick_other(0, {}, kPublisher, {}));
  EXPECT_FALSE(router_.pick_other(0, {12345, 1}, kPublisher, {}));
}

TEST_F(RouterTest, AttachedMembersArePreferred) {
  subscribe(1, "$share/g/a");
  subscribe(2, "$share/g/a");
  router_.set_attached(session(1), parse_filter("$share/g/a").value(), false);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(match("a"), Slots{2});
}

TEST_F(RouterTest, TheEndOfASessionRemovesAllItsSubscriptions) {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back((i % 2 == 0 ? "x/" : "$share/g/+/") + std::to_string(i));
  for (const std::string& text : texts) subscribe(1, text);
  subscribe(2, "x/0");
  texts.emplace_back("never/subscribed");
  std::vector<ParsedFilter> filters;
  for (const std::string& text : texts) filters.push_back(parse_filter(text).value());
  EXPECT_EQ(router_.unsubscribe_all(session(1), filters), 1000U);
  EXPECT_EQ(match("x/0"), Slots{2});
  EXPECT_EQ(router_.stats().routes, 1U);
}

TEST_F(RouterTest, FirstAndLastSubscriberOfAFilterAreAnnounced) {
  std::vector<std::string> log;
  router_.on_route_change([&](const RouteChange& change) {
    log.push_back((change.kind == RouteChange::Kind::Added ? "+" : "-") + change.filter);
  });
  subscribe(1, "$local/a");
  subscribe(1, "a");
  subscribe(2, "$share/g/a");
  subscribe(3, "b/#");
  unsubscribe(1, "a");
  unsubscribe(2, "$share/g/a");
  unsubscribe(1, "$local/a");
  EXPECT_EQ(log, (std::vector<std::string>{"+a", "+b/#", "-a"}));
}

TEST_F(RouterTest, AListenerMayChangeTheRouter) {
  std::vector<std::string> log;
  router_.on_route_change([&](const RouteChange& change) {
    log.push_back(change.filter);
    if (change.filter == "a") subscribe(9, "b");
    log.push_back("end " + change.filter);
  });
  subscribe(1, "a");
  EXPECT_EQ(log, (std::vector<std::string>{"a", "end a", "b", "end b"}));
}

TEST_F(RouterTest, ListingIsResumableAndSelectsByPrefix) {
  std::set<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string filter = (i % 2 == 0 ? "even/" : "odd/+/") + std::to_string(i);
    subscribe(1, filter);
    if (i % 2 == 1) expected.insert(filter);
  }
  subscribe(2, "$share/g/odd/+/1");
  std::set<std::string> seen;
  std::uint64_t cursor = 0;
  int calls = 0;
  do {
    std::size_t in_this_call = 0;
    cursor = router_.visit_routes(router_.guest(), "odd/", cursor, 300, [&](const RouteInfo& info) {
      EXPECT_TRUE(seen.insert(info.filter).second);
      EXPECT_EQ(info.subscribers, info.filter == "odd/+/1" ? 2U : 1U);
      ++in_this_call;
    });
    EXPECT_LE(in_this_call, 300U);
    ++calls;
  } while (cursor != 0);
  EXPECT_EQ(seen, expected);
  EXPECT_GE(calls, 4);
}

TEST_F(RouterTest, ARouteShowsItsSubscribers) {
  subscribe(1, "t/+/x", {}, 4);
  subscribe(2, "$share/g/t/+/x");
  subscribe(3, "$queue/t/+/x");
  subscribe(4, "$local/t/+/x");
  const auto route = router_.find_route(0, "t/+/x");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->subscribers, 4U);
  EXPECT_EQ(route->groups, 2U);
  EXPECT_FALSE(router_.find_route(0, "t/+/y"));
  EXPECT_FALSE(router_.find_route(0, "t/+"));
  std::set<std::string> texts;
  for (const SubscriberInfo& info : router_.subscribers(0, "t/+/x", 100)) {
    texts.insert(std::to_string(info.subscriber.session.slot) + " " + info.text);
  }
  EXPECT_EQ(texts, (std::set<std::string>{"1 t/+/x", "2 $share/g/t/+/x", "3 $queue/t/+/x", "4 $local/t/+/x"}));
  EXPECT_EQ(router_.subscribers(0, "t/+/x", 2).size(), 2U);
}

TEST(Router, GaugesFollowTheTable) {
  const std::int64_t before = metrics::read("routes/count");
  {
    Router router({});
    router.subscribe(session(1), parse_filter("a").value(), {}, 0);
    router.subscribe(session(1), parse_filter("$queue/a").value(), {}, 0);
    router.subscribe(session(2), parse_filter("b/#").value(), {}, 0);
    EXPECT_EQ(metrics::read("routes/count"), before + 2);
    EXPECT_EQ(metrics::read("topics/count"), metrics::read("routes/count"));
    EXPECT_EQ(metrics::read("subscriptions/count"), 3);
    EXPECT_EQ(metrics::read("subscriptions/shared/count"), 1);
    router.unsubscribe(session(2), parse_filter("b/#").value());
    EXPECT_EQ(metrics::read("routes/count"), before + 1);
  }
  EXPECT_EQ(metrics::read("routes/count"), before);
}

TEST(Router, AHundredThousandSubscribersOfOneFilterAndGroupsOfOneFilter) {
  Router router({});
  constexpr std::uint32_t kMany = 100'000;
  const auto filter = parse_filter("all").value();
  for (std::uint32_t i = 1; i <= kMany; ++i) router.subscribe(session(i), filter, {}, 0);
  std::vector<std::string> groups;
  for (std::uint32_t i = 0; i < kMany; ++i) groups.push_back("g" + std::to_string(i));
  for (const std::string& group : groups) router.subscribe(session(1), {"all", group, true, false}, {}, 0);
  std::vector<Match> matches;
  router.match(0, "all", kPublisher, matches);
  EXPECT_EQ(matches.size(), 2 * std::size_t{kMany});
  for (std::uint32_t i = 1; i <= kMany; ++i) ASSERT_TRUE(router.unsubscribe(session(i), filter));
  for (const std::string& group : groups) ASSERT_TRUE(router.unsubscribe(session(1), {"all", group, true, false}));
  EXPECT_EQ(router.stats().routes, 0U);
}

TEST(Router, AnExpensiveMatchIsCounted) {
  Router router({});
  for (unsigned bits = 0; bits < 8192; ++bits) {
    std::string filter;
    for (unsigned level = 0; level < 13; ++level) filter += (bits >> level & 1) != 0 ? "a/" : "+/";
    filter += "z";
    router.subscribe(session(1), parse_filter(filter).value(), {}, 0);
  }
  const std::int64_t before = metrics::read("routes/expensive_matches");
  std::vector<Match> matches;
  router.match(0, "a/a/a/a/a/a/a/a/a/a/a/a/a/y", kPublisher, matches);
  EXPECT_EQ(metrics::read("routes/expensive_matches"), before + 1);
  router.match(0, "a/a", kPublisher, matches);
  EXPECT_EQ(metrics::read("routes/expensive_matches"), before + 1);
}

}  // namespace
}  // namespace sluice::router

// SPDX-License-Identifier: Apache-2.0
// Long lists: pages and walks, over both shards.
#include <set>

#include <gtest/gtest.h>

#include "broker/management/session_walk.h"
#include "tests/unit/management/api_fixture.h"

namespace sluice::management {
namespace {

class ListingsTest : public ApiTest {
 protected:
  static constexpr int kClients = 7;

  void join_clients() {
    for (int i = 0; i < kClients; ++i) {
      live_.join("c" + std::to_string(i), static_cast<std::size_t>(i) % 2, i < 3 ? std::optional(100U) : std::nullopt);
    }
  }
  /// Every object of a walk, by `member`; each must come once.
  std::set<std::string> walk_all(const std::string& path, const char* member, std::size_t page_size) {
    std::set<std::string> seen;
    std::string cursor;
    do {
      const Json page = get(path + "?page_size=" + std::to_string(page_size) + "&cursor=" + cursor);
      for (const Json& object : page["objects"]) {
        EXPECT_TRUE(seen.insert(object[member].get<std::string>()).second) << object;
      }
      cursor = page.value("cursor", "");
    } while (!cursor.empty());
    return seen;
  }
};

TEST_F(ListingsTest, PagesHaveTheManualsFrame) {
  join_clients();
  std::set<std::string> seen;
  for (int page = 1; page <= 3; ++page) {
    const Json list = get("nodes/node@test/clients?page_size=3&curr_page=" + std::to_string(page));
    EXPECT_EQ(keys(list),
              (std::vector<std::string>{"current_page", "page_size", "total_num", "total_page", "objects"}));
    EXPECT_EQ(list["current_page"], page);
    EXPECT_EQ(list["page_size"], 3);
    EXPECT_EQ(list["total_num"], kClients);
    EXPECT_EQ(list["total_page"], 3);
    EXPECT_EQ(list["objects"].size(), page < 3 ? 3U : 1U);
    for (const Json& object : list["objects"]) seen.insert(object["client_id"].get<std::string>());
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kClients));
  EXPECT_TRUE(get("nodes/node@test/clients?page_size=3&curr_page=4")["objects"].empty());
}

TEST_F(ListingsTest, TwentyIsAPage) {
  const Json list = get("nodes/node@test/sessions");
  EXPECT_EQ(list["current_page"], 1);
  EXPECT_EQ(list["page_size"], 20);
  EXPECT_EQ(list["total_page"], 0);
}

TEST_F(ListingsTest, WalksSeeEverySessionOnce) {
  join_clients();
  for (const std::size_t size : {1U, 2U, 1000U}) {
    EXPECT_EQ(walk_all("nodes/node@test/sessions", "client_id", size).size(), static_cast<std::size_t>(kClients));
  }
  EXPECT_EQ(get("nodes/node@test/sessions")["total_num"], kClients);
}

TEST_F(ListingsTest, WalksSeeEverySubscriptionOnce) {
  constexpr int kEach = 1300;
  for (int i = 0; i < 2; ++i) {
    FakeClient& client = live_.join("many" + std::to_string(i), static_cast<std::size_t>(i));
    for (int j = 0; j < kEach; ++j) client.subscribe("t/" + std::to_string(i) + "/" + std::to_string(j));
  }
  EXPECT_EQ(walk_all("nodes/node@test/subscriptions", "topic", 700).size(), 2U * kEach);
  EXPECT_EQ(walk_all("subscriptions/many1", "topic", 700).size(), static_cast<std::size_t>(kEach));
  EXPECT_EQ(walk_all("routes", "topic", 700).size(), 2U * kEach);
  EXPECT_EQ(get("subscriptions/many0")["objects"].size(), static_cast<std::size_t>(kEach));
  const Json page = get("nodes/node@test/subscriptions?curr_page=3&page_size=1000");
  EXPECT_EQ(page["total_num"], 2 * kEach);
  EXPECT_EQ(page["objects"].size(), 600U);
  EXPECT_EQ(get("routes?curr_page=3&page_size=1000")["objects"].size(), 600U);
}

TEST_F(ListingsTest, SubscriptionsAreShownAsTheClientWroteThem) {
  live_.join("c1").subscribe("$share/g/t/+", Qos::AtLeastOnce);
  EXPECT_EQ(get("nodes/node@test/subscriptions/c1"),
            Json::parse(R"({"objects":[{"client_id":"c1","topic":"$share/g/t/+","qos":1}]})"));
}

TEST_F(ListingsTest, BadNumbersAreRefused) {
  for (const char* query :
       {"curr_page=0", "curr_page=x", "curr_page=-1", "page_size=0", "page_size=10001", "page_size=1x",
        "page_size=", "curr_page=99999999999999999999", "cursor=x", "cursor=1.2", "cursor=1.2.3.", "cursor=1.2.x"}) {
    EXPECT_EQ(refused(Method::Get, std::string("nodes/node@test/clients?") + query), std::pair(400U, 108)) << query;
  }
  EXPECT_EQ(refused(Method::Get, "routes?cursor=x"), std::pair(400U, 108));
  EXPECT_EQ(refused(Method::Get, "topics?cursor=x"), std::pair(400U, 108));
}

TEST_F(ListingsTest, ACursorFromNowhereEndsTheWalk) {
  join_clients();
  EXPECT_TRUE(get("nodes/node@test/clients?cursor=99.0.0")["objects"].empty());
  EXPECT_TRUE(get("nodes/node@test/clients?cursor=1.4294967295.5")["objects"].empty());
}

TEST(Place, RoundTripsAsText) {
  const Place place{3, 4096, 12};
  EXPECT_EQ(to_text(place), "3.4096.12");
  EXPECT_EQ(parse_place("3.4096.12"), place);
  EXPECT_EQ(parse_place(""), Place());
}

}  // namespace
}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

using std::chrono::seconds;
constexpr TimePoint kStart{};

TEST(AclCache, RemembersPerActionAndTopicUntilItsTimeIsOver) {
  AclCache cache(8, seconds(60));
  cache.put(Action::Publish, "a", true, kStart);
  cache.put(Action::Subscribe, "a", false, kStart);
  EXPECT_EQ(cache.find(Action::Publish, "a", kStart), true);
  EXPECT_EQ(cache.find(Action::Subscribe, "a", kStart + seconds(59)), false);
  EXPECT_EQ(cache.find(Action::Publish, "b", kStart), std::nullopt);
  EXPECT_EQ(cache.find(Action::Publish, "a", kStart + seconds(60)), std::nullopt);
}

TEST(AclCache, ANewDecisionReplacesTheOldOne) {
  AclCache cache(8, seconds(60));
  cache.put(Action::Publish, "a", true, kStart);
  cache.put(Action::Publish, "a", false, kStart + seconds(60));
  EXPECT_EQ(cache.find(Action::Publish, "a", kStart + seconds(100)), false);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(AclCache, TheOldestMakesRoom) {
  AclCache cache(3, seconds(60));
  for (int i = 0; i < 7; ++i) {
    cache.put(Action::Publish, std::to_string(i), true, kStart);
    ASSERT_LE(cache.size(), 3U);
  }
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(cache.find(Action::Publish, std::to_string(i), kStart).has_value(), i >= 4) << i;
  }
}

TEST(AclCache, Clear) {
  AclCache cache(2, seconds(60));
  for (const char* topic : {"a", "b", "c"}) cache.put(Action::Publish, topic, true, kStart);
  cache.clear("b");
  EXPECT_EQ(cache.find(Action::Publish, "b", kStart), std::nullopt);
  EXPECT_EQ(cache.find(Action::Publish, "c", kStart), true);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
  for (const char* topic : {"a", "b", "c"}) cache.put(Action::Publish, topic, true, kStart);
  EXPECT_EQ(cache.find(Action::Publish, "a", kStart), std::nullopt);
  EXPECT_EQ(cache.find(Action::Publish, "b", kStart), true);
}

TEST(AclCache, WithoutPlacesItRemembersNothing) {
  AclCache cache(0, seconds(60));
  cache.put(Action::Publish, "a", true, kStart);
  EXPECT_EQ(cache.find(Action::Publish, "a", kStart), std::nullopt);
}

}  // namespace
}  // namespace sluice::auth

// SPDX-License-Identifier: Apache-2.0
#include "broker/router/subscriber_set.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace sluice::router {
namespace {

Subscriber subscriber(std::uint32_t slot, std::uint32_t id = 0, bool local = false) {
  return {SessionRef{slot, 1}, {}, id, local};
}

std::multiset<std::uint32_t> slots(const SubscriberSet& set) {
  std::multiset<std::uint32_t> found;
  for (const Subscriber& item : set.items()) found.insert(item.session.slot);
  return found;
}

TEST(SubscriberSet, ReplacesWhatTheSessionHad) {
  SubscriberSet set;
  EXPECT_TRUE(set.put(subscriber(1, 10)));
  EXPECT_FALSE(set.put(subscriber(1, 11)));
  EXPECT_EQ(set.items().front().subscription_id(), 11U);
  EXPECT_TRUE(set.put(subscriber(2, 20)));
  EXPECT_FALSE(set.put(subscriber(1, 12)));
  EXPECT_EQ(slots(set), (std::multiset<std::uint32_t>{1, 2}));
}

TEST(SubscriberSet, LocalAndGlobalAreTwoSubscriptions) {
  SubscriberSet set;
  EXPECT_TRUE(set.put(subscriber(1, 10, false)));
  EXPECT_TRUE(set.put(subscriber(1, 268'435'455, true)));
  EXPECT_EQ(set.items().size(), 2U);
  EXPECT_TRUE(set.erase({1, 1}, false));
  ASSERT_EQ(set.items().size(), 1U);
  EXPECT_TRUE(set.items().front().local());
  EXPECT_EQ(set.items().front().subscription_id(), 268'435'455U);
}

TEST(SubscriberSet, ALaterSessionInTheSameSlotIsAnother) {
  SubscriberSet set;
  set.put(subscriber(1));
  EXPECT_FALSE(set.erase({1, 2}, false));
  EXPECT_TRUE(set.erase({1, 1}, false));
  EXPECT_TRUE(set.items().empty());
}

TEST(SubscriberSet, AgreesWithASetUnderRandomChanges) {
  SubscriberSet set;
  std::set<std::uint32_t> model;
  std::mt19937 random(3);
  for (int i = 0; i < 30000; ++i) {
    // Grows to hundreds, shrinks to nothing, over and over: every representation and the ways between them.
    const std::uint32_t slot = 1 + static_cast<std::uint32_t>(random() % 400);
    const bool growing = i % 6000 < 3000;
    if (random() % 10 < (growing ? 8U : 2U)) {
      ASSERT_EQ(set.put(subscriber(slot)), model.insert(slot).second);
    } else {
      ASSERT_EQ(set.erase({slot, 1}, false), model.erase(slot) == 1);
    }
    ASSERT_EQ(set.items().size(), model.size());
    if (i % 500 == 0) {
      EXPECT_EQ(slots(set), std::multiset<std::uint32_t>(model.begin(), model.end()));
    }
  }
}

}  // namespace
}  // namespace sluice::router

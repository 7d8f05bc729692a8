// SPDX-License-Identifier: Apache-2.0
#include "broker/session/subscription_list.h"

#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

TEST(SubscriptionList, BehavesLikeAMapWhetherFewOrMany) {
  std::mt19937 random(3);
  SubscriptionList list;
  std::map<std::string, std::uint32_t> model;
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    const std::string filter = "filter/" + std::to_string(random() % 200);
    if (random() % 3 != 0) {
      list.put({filter, step, {}});
      model[filter] = step;
    } else {
      EXPECT_EQ(list.erase(filter), model.erase(filter) == 1);
    }
    ASSERT_EQ(list.size(), model.size());
    const OwnSubscription* const found = list.find(filter);
    ASSERT_EQ(found != nullptr, model.contains(filter));
    if (found != nullptr) {
      EXPECT_EQ(found->subscription_id, model[filter]);
    }
  }
}

TEST(SubscriptionList, IsTakenApart) {
  SubscriptionList list;
  std::set<std::string> left;
  for (int i = 0; i < 100; ++i) left.insert("filter/" + std::to_string(i));
  for (const std::string& filter : left) list.put({filter, 0, {}});
  while (const auto taken = list.take()) {
    EXPECT_EQ(left.erase(taken->filter), 1U);
    EXPECT_EQ(list.find(taken->filter), nullptr);
    EXPECT_EQ(list.size(), left.size());
  }
  EXPECT_TRUE(left.empty());
}

}  // namespace
}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/topics.h"

#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

TEST(Topics, MeasuredOnesHaveTwentyCharacters) {
  EXPECT_EQ(numbered_topic("pair", 42), "bench/pair/000000042");
  EXPECT_EQ(numbered_topic("pair", 0).size(), 20U);
  EXPECT_EQ(filter_topic(999'999'999).size(), 20U);
}

TEST(Topics, FiltersAreOfThreeKinds) {
  EXPECT_EQ(numbered_filter(3), "bench/000000003/temp");
  EXPECT_EQ(numbered_filter(4), "bench/000000004/+");
  EXPECT_EQ(numbered_filter(5), "bench/000000005/#");
}

TEST(Topics, PatchingEqualsMaking) {
  std::string topic = filter_topic(0);
  patch_filter_topic(123'456, {reinterpret_cast<std::uint8_t*>(topic.data()), topic.size()});
  EXPECT_EQ(topic, filter_topic(123'456));
}

TEST(Topics, VariablesAreExpanded) {
  EXPECT_EQ(expand_topic("a/%i/%c/%u/%%/%x%", "id", "user", 7), "a/7/id/user/%%/%x%");
}

}  // namespace
}  // namespace sluice::bench

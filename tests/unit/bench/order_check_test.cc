// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/order_check.h"

#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

TEST(OrderCheck, InOrderIsClean) {
  OrderCheck check(0, 2, Sequence::Contiguous);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(check.accept(0, i), 0U);
    EXPECT_EQ(check.accept(1, i), 0U);
  }
  EXPECT_EQ(check.tally().out_of_order + check.tally().duplicates + check.tally().missing, 0U);
}

TEST(OrderCheck, GapIsMissing) {
  OrderCheck check(0, 1, Sequence::Contiguous);
  EXPECT_EQ(check.accept(0, 3), 3U);
  EXPECT_EQ(check.accept(0, 5), 1U);
  EXPECT_EQ(check.tally().missing, 4U);
}

TEST(OrderCheck, LateMessageIsOutOfOrderAndNotMissingAnyMore) {
  OrderCheck check(0, 1, Sequence::Contiguous);
  check.accept(0, 0);
  check.accept(0, 2);
  check.accept(0, 1);
  EXPECT_EQ(check.tally().out_of_order, 1U);
  EXPECT_EQ(check.tally().missing, 0U);
  EXPECT_EQ(check.tally().duplicates, 0U);
}

TEST(OrderCheck, SecondArrivalIsADuplicate) {
  OrderCheck check(0, 1, Sequence::Contiguous);
  check.accept(0, 0);
  check.accept(0, 0);
  check.accept(0, 2);
  check.accept(0, 1);
  check.accept(0, 1);
  EXPECT_EQ(check.tally().duplicates, 2U);
  EXPECT_EQ(check.tally().out_of_order, 1U);
}

TEST(OrderCheck, GapWiderThanTheWindowForgetsWhatWasSeen) {
  OrderCheck check(0, 1, Sequence::Contiguous);
  check.accept(0, 0);
  check.accept(0, 2 * OrderCheck::kWindow);
  check.accept(0, 2 * OrderCheck::kWindow - 1);
  EXPECT_EQ(check.tally().out_of_order, 1U);
  EXPECT_EQ(check.tally().missing, 2 * OrderCheck::kWindow - 2);
}

TEST(OrderCheck, IncreasingAllowsGaps) {
  OrderCheck check(0, 1, Sequence::Increasing);
  EXPECT_EQ(check.accept(0, 10), 0U);
  EXPECT_EQ(check.accept(0, 20), 0U);
  check.accept(0, 20);
  check.accept(0, 15);
  EXPECT_EQ(check.tally().missing, 0U);
  EXPECT_EQ(check.tally().duplicates, 1U);
  EXPECT_EQ(check.tally().out_of_order, 1U);
}

TEST(OrderCheck, StrangersAreUnknown) {
  OrderCheck check(5, 2, Sequence::Contiguous);
  check.accept(4, 0);
  check.accept(7, 0);
  check.accept(5, 0);
  EXPECT_EQ(check.tally().unknown, 2U);
}

}  // namespace
}  // namespace sluice::bench

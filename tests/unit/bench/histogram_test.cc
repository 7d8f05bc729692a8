// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/histogram.h"

#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

TEST(Histogram, EmptyHasNoQuantiles) {
  const Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (Nanos value = 1; value <= 60; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(0), 1);
  EXPECT_EQ(histogram.quantile(0.5), 30);
  EXPECT_EQ(histogram.quantile(1), 60);
}

TEST(Histogram, LargeValuesAreWithinOneThirtySecond) {
  for (const Nanos value : {Nanos{1'000}, Nanos{123'456}, Nanos{987'654'321}, Nanos{1} << 40, Nanos{1} << 62}) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(kNever);  // so that the maximum does not cap the bucket
    EXPECT_GE(histogram.quantile(0), value);
    EXPECT_LE(histogram.quantile(0), value + value / 32);
  }
}

TEST(Histogram, NegativeCountsAsZeroAndMergeAdds) {
  Histogram one;
  one.record(-5);
  Histogram other;
  other.record(7);
  one.merge(other);
  EXPECT_EQ(one.count(), 2U);
  EXPECT_EQ(one.quantile(0), 0);
  EXPECT_EQ(one.max(), 7);
}

}  // namespace
}  // namespace sluice::bench

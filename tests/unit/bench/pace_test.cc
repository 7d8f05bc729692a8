// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bench/sluice_bench/drivers.h"

namespace sluice::bench {
namespace {

std::uint64_t taken(Pace& pace, Nanos now) {
  std::uint64_t count = 0;
  while (pace.take(now)) ++count;
  return count;
}

TEST(Pace, MeanRateIsExact) {
  Pace pace(3000);
  std::uint64_t count = 0;
  for (Nanos now = kSecond; now < 2 * kSecond; now += kMillisecond) count += taken(pace, now);
  EXPECT_GE(count, 2998U);
  EXPECT_LE(count, 3001U);
}

TEST(Pace, NextIsOneIntervalAway) {
  Pace pace(1000);
  EXPECT_TRUE(pace.take(kSecond));
  EXPECT_FALSE(pace.take(kSecond));
  EXPECT_EQ(pace.next(), kSecond + kMillisecond);
}

TEST(Pace, LongPauseIsNotMadeUpFor) {
  Pace pace(1000);
  taken(pace, kSecond);
  EXPECT_EQ(taken(pace, 10 * kSecond), 1U);
}

TEST(Pace, ShortPauseIsMadeUpFor) {
  Pace pace(1000);
  taken(pace, kSecond);
  EXPECT_EQ(taken(pace, kSecond + 50 * kMillisecond), 50U);
}

}  // namespace
}  // namespace sluice::bench

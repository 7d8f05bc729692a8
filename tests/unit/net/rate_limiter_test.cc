// SPDX-License-Identifier: Apache-2.0
#include "shared/net/rate_limiter.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimit, ReadsBurstAndRateInKilobytes) {
  const auto limit = RateLimit::parse("100,10");
  ASSERT_TRUE(limit.has_value());
  EXPECT_EQ(limit->burst, 100U * 1024);
  EXPECT_EQ(limit->per_second, 10U * 1024);
  EXPECT_EQ(RateLimit::parse(" 1 , 2 ")->per_second, 2048U);
}

TEST(RateLimit, NothingIsNoLimit) {
  EXPECT_FALSE(RateLimit::parse("")->limited());
  EXPECT_FALSE(RateLimit::parse("  ")->limited());
}

TEST(RateLimit, RefusesOtherForms) {
  for (const char* text :
       {"100", "100,", ",10", "0,10", "100,0", "a,b", "1,2,3", "-1,1", "1KB,1KB", "99999999999999999999,1"}) {
    EXPECT_FALSE(RateLimit::parse(text).has_value()) << text;
  }
}

TEST(TokenBucket, BeginsFullAndFillsAtItsRate) {
  const TimePoint start;
  TokenBucket bucket({1000, 100}, start);
  EXPECT_EQ(bucket.available(start), 1000U);
  bucket.take(1000, start);
  EXPECT_EQ(bucket.available(start), 0U);
  EXPECT_EQ(bucket.available(start + milliseconds(500)), 50U);
  EXPECT_EQ(bucket.available(start + seconds(60)), 1000U);
}

TEST(TokenBucket, DebtDelaysByWhatWasTakenTooMuch) {
  const TimePoint start;
  TokenBucket bucket({100, 100}, start);
  bucket.take(300, start);
  // 200 of debt and a tenth of a second's 10 tokens.
  EXPECT_EQ(bucket.wait(start), milliseconds(2100));
  EXPECT_EQ(bucket.wait(start + milliseconds(2100)), Duration::zero());
  EXPECT_EQ(bucket.available(start + milliseconds(2100)), 10U);
}

TEST(TokenBucket, SlowRatesWaitForAWholeToken) {
  const TimePoint start;
  TokenBucket bucket({1, 1}, start);
  EXPECT_EQ(bucket.wait(start), Duration::zero());
  bucket.take(1, start);
  EXPECT_EQ(bucket.wait(start), seconds(1));
  EXPECT_EQ(bucket.wait(start + seconds(1)), Duration::zero());
}

TEST(TokenBucket, TimeThatGoesBackGivesNothing) {
  const TimePoint start = TimePoint() + seconds(10);
  TokenBucket bucket({10, 10}, start);
  bucket.take(10, start);
  EXPECT_EQ(bucket.available(start - seconds(5)), 0U);
}

}  // namespace
}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// Numbers and pace of notifications [RFC 7641 3.4, 4.4, 4.5].
#include "shared/coap/server/observe.h"

#include <gtest/gtest.h>

namespace sluice::coap {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr UnixMillis kSomeTime = 1'790'000'000'000;
constexpr UnixMillis kCycle = UnixMillis{ObserveSequence::kMask + 1} * 1000 / 1024;

/// As a client decides that the second is newer [RFC 7641 3.4], within 128 seconds.
bool newer(std::uint32_t first, std::uint32_t second) {
  return (first < second && second - first < (1U << 23U)) || (first > second && first - second > (1U << 23U));
}

TEST(ObserveSequence, GrowsWithEveryNotificationHoweverFastTheyCome) {
  ObserveSequence sequence;
  std::uint32_t last = sequence.next(kSomeTime);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t next = sequence.next(kSomeTime + i / 100);
    ASSERT_TRUE(newer(last, next));
    ASSERT_LE(next, ObserveSequence::kMask);
    last = next;
  }
}

TEST(ObserveSequence, GrowsOverARestartAtAnyTimeOfItsCycle) {
  for (UnixMillis begin = kSomeTime; begin < kSomeTime + kCycle; begin += kCycle / 97) {
    ObserveSequence before;
    std::uint32_t last = 0;
    for (int i = 0; i < 10; ++i) last = before.next(begin + 1000 * i);
    ObserveSequence after;
    std::uint32_t next = after.next(begin + 11'000);
    ASSERT_TRUE(newer(last, next)) << begin;
    last = after.next(begin + 12'000);
    ASSERT_TRUE(newer(next, last)) << begin;
    ObserveSequence once_more;
    ASSERT_TRUE(newer(last, once_more.next(begin + 13'000))) << begin;
  }
}

TEST(ObserveSequence, FollowsTheClockAfterAnyPause) {
  for (UnixMillis pause = 1000; pause < 2 * kCycle; pause += kCycle / 13) {
    ObserveSequence sequence;
    ObserveSequence restarted;
    static_cast<void>(sequence.next(kSomeTime));
    const std::uint32_t last = sequence.next(kSomeTime + pause);
    const std::uint32_t clock = restarted.next(kSomeTime + pause);
    EXPECT_LT((last - clock) & ObserveSequence::kMask, 1U << 20U) << "never behind, and not far ahead: " << pause;
  }
}

TEST(NotificationPacing, TheLastOfAWindowIsConfirmable) {
  const TimePoint now{hours(1000)};
  NotificationPacing pacing(8, hours(20), now);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pacing.may_send());
    EXPECT_FALSE(pacing.must_confirm(now));
    pacing.sent();
  }
  EXPECT_TRUE(pacing.must_confirm(now));
  pacing.sent();
  EXPECT_FALSE(pacing.may_send());
  pacing.confirmed(now);
  int window = 0;
  for (; pacing.may_send(); ++window) pacing.sent();
  EXPECT_EQ(window, 8) << "it has doubled";
  pacing.confirmed(now);
  for (window = 0; pacing.may_send(); ++window) pacing.sent();
  EXPECT_EQ(window, 8) << "and is at its widest";
}

TEST(NotificationPacing, ShrinksWhenAConfirmationIsLate) {
  const TimePoint now{};
  NotificationPacing pacing(64, hours(20), now);
  for (const int window : {4, 2, 1, 1}) {
    for (int i = 1; i < window; ++i) {
      EXPECT_FALSE(pacing.must_confirm(now));
      pacing.sent();
    }
    EXPECT_TRUE(pacing.must_confirm(now));
    pacing.sent();
    EXPECT_FALSE(pacing.may_send());
    pacing.confirmed(now, Confirmation::Late);
  }
  pacing.confirmed(now);
  EXPECT_FALSE(pacing.must_confirm(now)) << "two: one that is not and one that is";
  pacing.sent();
  EXPECT_TRUE(pacing.must_confirm(now));
  pacing.sent();
  EXPECT_FALSE(pacing.may_send());
}

TEST(NotificationPacing, SeveralAtATimeCountAsThatMany) {
  const TimePoint now{};
  NotificationPacing pacing(8, hours(20), now);
  EXPECT_FALSE(pacing.must_confirm(now, 3));
  EXPECT_TRUE(pacing.must_confirm(now, 4));
  for (int i = 0; i < 2; ++i) pacing.sent();
  EXPECT_FALSE(pacing.must_confirm(now, 1));
  EXPECT_TRUE(pacing.must_confirm(now, 2));
  EXPECT_TRUE(pacing.must_confirm(now, 1000));
  for (int i = 0; i < 1000; ++i) pacing.sent();
  EXPECT_FALSE(pacing.may_send());
  pacing.confirmed(now);
  EXPECT_TRUE(pacing.may_send());
}

TEST(NotificationPacing, BeginsAnewWhereNothingIsOnItsWay) {
  const TimePoint now{};
  NotificationPacing pacing(64, hours(20), now);
  for (int i = 0; i < 4; ++i) pacing.confirmed(now);
  for (int i = 0; i < 64; ++i) pacing.sent();
  EXPECT_FALSE(pacing.may_send());
  pacing.restart();
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(pacing.may_send());
    pacing.sent();
  }
  EXPECT_FALSE(pacing.may_send());
}

TEST(NotificationPacing, AWindowOfOneIsOneInEachRoundTrip) {
  const TimePoint now{};
  NotificationPacing pacing(1, hours(20), now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pacing.may_send() && pacing.must_confirm(now));
    pacing.sent();
    EXPECT_FALSE(pacing.may_send());
    pacing.confirmed(now);
  }
}

TEST(NotificationPacing, OneIsConfirmableAfterAWhileWhateverTheWindow) {
  const TimePoint begun{hours(1)};
  NotificationPacing pacing(200, hours(20), begun);
  EXPECT_FALSE(pacing.must_confirm(begun + hours(20) - seconds(1)));
  EXPECT_TRUE(pacing.must_confirm(begun + hours(20)));
  pacing.sent();
  pacing.confirmed(begun + hours(21));
  EXPECT_FALSE(pacing.must_confirm(begun + hours(22)));
}

TEST(NotificationPacing, WithoutABeginningTheFirstIsConfirmableHoweverLongTheHostIsUp) {
  for (const TimePoint now : {TimePoint{seconds(1)}, TimePoint{hours(10'000)}}) {
    EXPECT_TRUE(NotificationPacing(8, hours(20)).must_confirm(now));
  }
}

}  // namespace
}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#include "shared/base/timing_wheel.h"

#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class Timer final : public WheelTimer {
 public:
  explicit Timer(std::function<void(TimePoint)> action) : action_(std::move(action)) {}

 private:
  void on_timer(TimePoint now) override { action_(now); }
  std::function<void(TimePoint)> action_;
};

class TimingWheelTest : public testing::Test {
 protected:
  TimePoint start_{};
  TimingWheel wheel_{start_};
};

TEST_F(TimingWheelTest, NeverFiresEarlyAndAtMostOneTickLate) {
  for (const auto delay : {milliseconds(1), milliseconds(50), milliseconds(1234), milliseconds(hours(3))}) {
    TimePoint fired{};
    Timer timer([&](TimePoint now) { fired = now; });
    const TimePoint begin = start_;
    wheel_.arm(timer, begin + delay);
    for (TimePoint now = begin; fired == TimePoint{} && now < begin + delay + milliseconds(500);
         now += milliseconds(10)) {
      wheel_.advance(now);
      start_ = now;
    }
    EXPECT_GE(fired, begin + delay);
    EXPECT_LE(fired, begin + delay + 2 * TimingWheel::kTick);
    EXPECT_FALSE(timer.armed());
  }
}

TEST_F(TimingWheelTest, NextDueIsNeverLateForAnyTimer) {
  EXPECT_EQ(wheel_.next_due(), TimePoint::max());
  TimePoint now = start_;
  for (const auto delay : {milliseconds(1), milliseconds(3150), milliseconds(102'399), milliseconds(hours(1))}) {
    int fired = 0;
    Timer timer([&](TimePoint) { ++fired; });
    const TimePoint deadline = now + delay;
    wheel_.arm(timer, deadline);
    std::size_t wakes = 0;
    for (; fired == 0; ++wakes) {
      now = wheel_.next_due();
      ASSERT_LE(now, deadline + 2 * TimingWheel::kTick);
      wheel_.advance(now);
    }
    EXPECT_GE(now, deadline);
    // Once per turn of the wheel for what is further away than one.
    EXPECT_LE(wakes, static_cast<std::size_t>(delay / (TimingWheel::kTick * TimingWheel::kSlots)) + 1);
  }
  EXPECT_EQ(wheel_.next_due(), TimePoint::max());
}

TEST_F(TimingWheelTest, NextDueFindsTheEarliestWhereverTheWheelStands) {
  for (std::size_t step = 0; step < TimingWheel::kSlots + 65; ++step) {
    TimingWheel wheel(start_);
    const TimePoint now = start_ + TimingWheel::kTick * static_cast<std::int64_t>(step);
    wheel.advance(now);
    Timer far([](TimePoint) {});
    Timer near([](TimePoint) {});
    wheel.arm(far, now + TimingWheel::kTick * 1000);
    wheel.arm(near, now + TimingWheel::kTick * 70);
    ASSERT_EQ(wheel.next_due(), now + TimingWheel::kTick * 71) << step;
  }
}

TEST_F(TimingWheelTest, CoarseTimersComeDueTogetherAndNeverEarly) {
  int fired = 0;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 20; ++i) {
    timers.push_back(std::make_unique<Timer>([&](TimePoint) { ++fired; }));
    wheel_.arm_coarsely(*timers.back(), start_ + milliseconds(10'000 + i * 49));
  }
  wheel_.advance(start_ + milliseconds(10'940));
  EXPECT_EQ(fired, 0);
  wheel_.advance(wheel_.next_due());
  EXPECT_EQ(fired, 20);
  EXPECT_EQ(wheel_.next_due(), TimePoint::max());
}

TEST_F(TimingWheelTest, ArmingAgainMovesTheDeadline) {
  int fired = 0;
  Timer timer([&](TimePoint) { ++fired; });
  wheel_.arm(timer, start_ + milliseconds(100));
  wheel_.arm(timer, start_ + milliseconds(1000));
  wheel_.advance(start_ + milliseconds(500));
  EXPECT_EQ(fired, 0);
  wheel_.advance(start_ + milliseconds(1100));
  EXPECT_EQ(fired, 1);
}

TEST_F(TimingWheelTest, ATimerThatFiresMayDestroyOthersOfItsSlot) {
  std::vector<std::unique_ptr<Timer>> timers;
  int fired = 0;
  for (int i = 0; i < 3; ++i) {
    timers.push_back(std::make_unique<Timer>([&, i](TimePoint) {
      ++fired;
      for (int other = 0; other < 3; ++other) {
        if (other != i) timers[static_cast<std::size_t>(other)].reset();
      }
    }));
    wheel_.arm(*timers.back(), start_ + milliseconds(100));
  }
  wheel_.advance(start_ + milliseconds(200));
  EXPECT_EQ(fired, 1);
}

TEST_F(TimingWheelTest, ATimerMayArmItselfAgain) {
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>([&](TimePoint now) {
    if (++fired < 3) wheel_.arm(*timer, now + milliseconds(100));
  });
  wheel_.arm(*timer, start_ + milliseconds(100));
  for (int i = 1; i <= 100; ++i) wheel_.advance(start_ + i * milliseconds(50));
  EXPECT_EQ(fired, 3);
}

TEST_F(TimingWheelTest, AfterALongStallEverythingDueFiresOnce) {
  int fired = 0;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 5000; ++i) {
    timers.push_back(std::make_unique<Timer>([&](TimePoint) { ++fired; }));
    wheel_.arm(*timers.back(), start_ + i * milliseconds(97));
  }
  wheel_.advance(start_ + hours(1));
  EXPECT_EQ(fired, 5000);
  wheel_.advance(start_ + hours(2));
  EXPECT_EQ(fired, 5000);
}

}  // namespace
}  // namespace sluice

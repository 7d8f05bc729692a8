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

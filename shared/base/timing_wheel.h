// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "shared/base/clock.h"

namespace sluice {

class TimingWheel;

/// A deadline that lives inside the object it belongs to. Destroying it cancels it.
/// Thread: the wheel's shard.
class WheelTimer {
 public:
  WheelTimer() = default;
  WheelTimer(const WheelTimer&) = delete;
  WheelTimer& operator=(const WheelTimer&) = delete;

  [[nodiscard]] bool armed() const { return next_ != nullptr; }
  void cancel();

 protected:
  ~WheelTimer() { cancel(); }
  /// The deadline has passed (by less than one tick plus the shard's turn). The timer is unarmed and may be armed
  /// again or destroyed.
  virtual void on_timer(TimePoint now) = 0;

 private:
  friend class TimingWheel;
  void link_before(WheelTimer& position);
  WheelTimer* next_ = nullptr;
  WheelTimer* previous_ = nullptr;
  std::uint64_t tick_ = 0;
};

/// All deadlines of one shard: arming and cancelling are O(1), without an allocation or a system call.
/// Resolution: kTick. Deadlines further away than one turn of the wheel are looked at once per turn.
class TimingWheel {
 public:
  static constexpr auto kTick = std::chrono::milliseconds(50);
  static constexpr auto kCoarse = std::chrono::seconds(1);
  static constexpr std::size_t kSlots = 2048;

  explicit TimingWheel(TimePoint start);
  ~TimingWheel();

  /// Arms, or moves if armed already.
  void arm(WheelTimer& timer, TimePoint deadline);
  /// As arm(), up to kCoarse later: for time-outs of many seconds. They come due together, so that an idle shard is
  /// woken once a second and not for each of them.
  void arm_coarsely(WheelTimer& timer, TimePoint deadline);
  /// Fires everything due at `now`. Timers armed by a firing one fire at a later call.
  void advance(TimePoint now);
  /// When advance() may next have something to fire, never later than it has; TimePoint::max(): nothing is armed.
  [[nodiscard]] TimePoint next_due() const;

 private:
  friend class WheelTimer;
  class Head;
  [[nodiscard]] std::uint64_t tick_of(TimePoint when) const;
  void expire_slot(std::size_t slot, std::uint64_t due, TimePoint now);
  void link(WheelTimer& timer, std::uint64_t tick);

  TimePoint start_;
  std::uint64_t current_ = 0;  ///< ticks up to and including this one have fired
  std::unique_ptr<Head[]> slots_;
  /// A bit per slot: set where there is a timer, and where there was one that has been cancelled.
  std::array<std::uint64_t, kSlots / 64> occupied_{};
};

}  // namespace sluice

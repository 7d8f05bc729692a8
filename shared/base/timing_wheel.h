// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  static constexpr std::size_t kSlots = 2048;

  explicit TimingWheel(TimePoint start);
  ~TimingWheel();

  /// Arms, or moves if armed already.
  void arm(WheelTimer& timer, TimePoint deadline);
  /// Fires everything due at `now`. Timers armed by a firing one fire at a later call.
  void advance(TimePoint now);

 private:
  friend class WheelTimer;
  class Head;
  [[nodiscard]] std::uint64_t tick_of(TimePoint when) const;
  void expire_slot(std::size_t slot, std::uint64_t due, TimePoint now);

  TimePoint start_;
  std::uint64_t current_ = 0;  ///< ticks up to and including this one have fired
  std::unique_ptr<Head[]> slots_;
};

}  // namespace sluice

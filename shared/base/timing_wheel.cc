// SPDX-License-Identifier: Apache-2.0
#include "shared/base/timing_wheel.h"

#include <algorithm>
#include <bit>

namespace sluice {

/// The ring of one slot; linked to itself when empty.
class TimingWheel::Head final : public WheelTimer {
 public:
  Head() {
    next_ = this;
    previous_ = this;
  }
  [[nodiscard]] bool empty() const { return next_ == this; }
  [[nodiscard]] WheelTimer* first() const { return next_; }

 private:
  void on_timer(TimePoint) override {}
};

void WheelTimer::link_before(WheelTimer& position) {
  next_ = &position;
  previous_ = position.previous_;
  previous_->next_ = this;
  position.previous_ = this;
}

void WheelTimer::cancel() {
  if (next_ == nullptr) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = nullptr;
  previous_ = nullptr;
}

TimingWheel::TimingWheel(TimePoint start) : start_(start), slots_(new Head[kSlots]) {}

TimingWheel::~TimingWheel() {
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    while (!slots_[slot].empty()) slots_[slot].first()->cancel();
  }
}

std::uint64_t TimingWheel::tick_of(TimePoint when) const {
  return when <= start_ ? 0 : static_cast<std::uint64_t>((when - start_) / kTick);
}

void TimingWheel::link(WheelTimer& timer, std::uint64_t tick) {
  timer.cancel();
  timer.tick_ = tick;
  const std::size_t slot = tick % kSlots;
  timer.link_before(slots_[slot]);
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimingWheel::arm(WheelTimer& timer, TimePoint deadline) {
  link(timer, std::max(tick_of(deadline), current_) + 1);  // rounded up: never early
}

void TimingWheel::arm_coarsely(WheelTimer& timer, TimePoint deadline) {
  constexpr std::uint64_t kTicks = kCoarse / kTick;
  link(timer, (std::max(tick_of(deadline), current_) / kTicks + 1) * kTicks);
}

TimePoint TimingWheel::next_due() const {
  const std::size_t from = (current_ + 1) % kSlots;
  for (std::size_t ahead = 0; ahead <= kSlots;) {
    const std::size_t slot = (from + ahead) % kSlots;
    const std::uint64_t bits = occupied_[slot / 64] >> (slot % 64);
    if (bits != 0) {
      const auto distance = ahead + 1 + static_cast<std::size_t>(std::countr_zero(bits));
      return start_ + kTick * static_cast<std::int64_t>(current_ + distance);
    }
    ahead += 64 - slot % 64;  // to the first slot of the next word
  }
  return TimePoint::max();
}

void TimingWheel::advance(TimePoint now) {
  const std::uint64_t due = tick_of(now);
  if (due <= current_) return;
  // After a long stall every slot is looked at once, not once per missed tick.
  const std::uint64_t first = due - current_ >= kSlots ? due - kSlots + 1 : current_ + 1;
  current_ = due;
  for (std::uint64_t tick = first; tick <= due; ++tick) expire_slot(tick % kSlots, due, now);
}

void TimingWheel::expire_slot(std::size_t slot, std::uint64_t due, TimePoint now) {
  // Due timers move to a list of their own first: one that fires may cancel, arm or destroy any other.
  Head firing;
  for (WheelTimer* timer = slots_[slot].first(); timer != &slots_[slot];) {
    WheelTimer* const following = timer->next_;
    if (timer->tick_ <= due) {
      timer->cancel();
      timer->link_before(firing);
    }
    timer = following;
  }
  if (slots_[slot].empty()) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  while (!firing.empty()) {
    WheelTimer* const timer = firing.first();
    timer->cancel();
    timer->on_timer(now);
  }
}

}  // namespace sluice

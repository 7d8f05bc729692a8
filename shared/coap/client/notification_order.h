// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "shared/base/clock.h"

namespace sluice::coap {

/// Which of the notifications of one observation is newer than those before it, however they overtook each other on
/// their way [RFC 7641 3.4].
/// Pure. Owner: an observation. Thread: the shard.
class NotificationOrder {
 public:
  /// Notes it if it is newer. `value`: of its Observe option, of which 24 bits count.
  [[nodiscard]] bool accept(std::uint32_t value, TimePoint now) {
    value &= kMask;
    const std::uint32_t ahead = (value - last_) & kMask;
    const bool newer = !any_ || (ahead != 0 && ahead < kHalf) || now > at_ + kAnyOrder;
    if (!newer) return false;
    any_ = true;
    last_ = value;
    at_ = now;
    return true;
  }

 private:
  static constexpr std::uint32_t kMask = 0xFF'FFFF;
  static constexpr std::uint32_t kHalf = 1U << 23U;
  /// After that the sequence may have gone round.
  static constexpr auto kAnyOrder = std::chrono::seconds(128);

  TimePoint at_{};
  std::uint32_t last_ = 0;
  bool any_ = false;
};

}  // namespace sluice::coap

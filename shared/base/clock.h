// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

/// Monotonic time: every deadline. Functions take `now` as a parameter; only the shard's loop reads the clock.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// Milliseconds since the Unix epoch: what is shown to people and what must survive a restart.
using UnixMillis = std::int64_t;

[[nodiscard]] inline UnixMillis unix_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace sluice

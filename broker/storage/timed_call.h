// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "shared/base/clock.h"

namespace sluice::storage {

/// One kind of call to the store that should not take long: since when one is under way, and whether it, or the last
/// one, takes or took too long. Owner: CommitLog. Thread safety: begin() and end() on the one thread that makes these
/// calls, the rest on any.
class TimedCall {
 public:
  /// `name`: a noun, for log lines.
  explicit TimedCall(const char* name) : name_(name) {}

  void begin() { began_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed); }
  /// How long it took.
  Duration end() { return Clock::now() - TimePoint(Duration(began_.exchange(0, std::memory_order_relaxed))); }
  /// How long the one under way has taken; 0: there is none.
  [[nodiscard]] Duration so_far() const {
    const std::int64_t began = began_.load(std::memory_order_relaxed);
    return began == 0 ? Duration::zero() : Clock::now() - TimePoint(Duration(began));
  }

  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] bool slow() const { return slow_.load(); }
  /// What it was before.
  bool set_slow(bool slow) { return slow_.exchange(slow); }

 private:
  const char* const name_;
  std::atomic<std::int64_t> began_{0};  ///< ticks of the clock; 0: none is under way
  std::atomic<bool> slow_{false};
};

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "broker/retainer/retainer.h"
#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"

namespace sluice::retainer {

/// Removes expired retained messages that nobody asks for, a bounded number of looks per second: a million messages are
/// gone through in two minutes, and no turn of the shard is held up for more than a millisecond.
/// Owner: App. Thread: the shard, from start() until it has stopped.
class RetainedSweeper final : private WheelTimer {
 public:
  static constexpr std::chrono::milliseconds kInterval{1000};
  static constexpr std::size_t kLooks = 8192;

  RetainedSweeper(Retainer& retainer, Shard& shard) : retainer_(retainer), shard_(shard) {}

  void start() { shard_.wheel().arm(*this, shard_.now() + kInterval); }

 private:
  void on_timer(TimePoint now) override {
    retainer_.sweep(unix_millis(), kLooks);
    shard_.wheel().arm(*this, now + kInterval);
  }

  Retainer& retainer_;
  Shard& shard_;
};

}  // namespace sluice::retainer

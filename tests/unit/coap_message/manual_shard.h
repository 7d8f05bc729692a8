// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "shared/base/shard.h"

namespace sluice::testing {

/// The time of a shard's turn, which only its loop sets.
TimePoint& now_of(Shard& shard);
/// Runs what waits for the end of the turn, which only its loop does.
void end_turn_of(Shard& shard);

template <auto kNow>
struct ShardClock {
  friend TimePoint& now_of(Shard& shard) { return shard.*kNow; }
};
template struct ShardClock<&Shard::now_>;

template <auto kRun>
struct ShardTurn {
  friend void end_turn_of(Shard& shard) { (shard.*kRun)(); }
};
template struct ShardTurn<&Shard::run_turn_ends>;

/// A shard that no thread runs: the test is its loop and says what time it is.
class ManualShard {
 public:
  [[nodiscard]] Shard& shard() { return group_.at(0); }
  [[nodiscard]] TimePoint now() { return shard().now(); }
  void end_turn() { end_turn_of(shard()); }

  /// Turns tick by tick, as many as fit.
  void pass(Duration time) {
    const TimePoint until = now() + time;
    while (now() < until) {
      now_of(shard()) += std::min<Duration>(TimingWheel::kTick, until - now());
      shard().wheel().advance(now());
    }
  }
  /// One turn after a long sleep.
  void jump(Duration time) {
    now_of(shard()) += time;
    shard().wheel().advance(now());
  }

 private:
  ShardGroup group_{1};
};

}  // namespace sluice::testing

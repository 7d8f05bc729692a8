// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/base/clock.h"

namespace sluice {

/// A token bucket's shape. Units are the caller's: bytes for `rate_limit`, messages for `max_publish_rate`.
struct RateLimit {
  std::uint64_t burst = 0;       ///< tokens the bucket holds at most
  std::uint64_t per_second = 0;  ///< 0: no limit

  [[nodiscard]] bool limited() const { return per_second != 0; }
  /// The manual's `rate_limit = burst,rate` in KB and KB per second ("100,10"); empty text is no limit.
  /// nullopt: not of this form, or a zero in it.
  static std::optional<RateLimit> parse(std::string_view text);
};

/// Hands out tokens; more may be taken than there are, then it is in debt and the taker waits.
/// Thread: its owner's. Requires a limited RateLimit.
class TokenBucket {
 public:
  TokenBucket(RateLimit limit, TimePoint now) : limit_(limit), level_(static_cast<double>(limit.burst)), filled_(now) {}

  /// Whole tokens at hand; 0 while in debt.
  [[nodiscard]] std::uint64_t available(TimePoint now);
  /// Takes `n`, whether they are there or not.
  void take(std::uint64_t n, TimePoint now);
  /// How long until it is worth to go on: a tenth of a second's tokens (at least one, at most the burst) are there.
  /// Zero: at once.
  [[nodiscard]] Duration wait(TimePoint now);

 private:
  void refill(TimePoint now);

  RateLimit limit_;
  double level_;
  TimePoint filled_;
};

}  // namespace sluice

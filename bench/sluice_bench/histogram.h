// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/sluice_bench/clock.h"

namespace sluice::bench {

/// Latencies in buckets of at most 1/32 of their value: recording is a few instructions and never allocates.
/// Thread safety: none; each engine owns one, they are merged when the engines have stopped.
class Histogram {
 public:
  void record(Nanos value);
  void merge(const Histogram& other);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Nanos max() const { return max_; }
  /// The upper end of the bucket that holds this share (0…1) of the values; 0 without values.
  [[nodiscard]] Nanos quantile(double share) const;

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr std::size_t kBuckets = (64 - kSubBits) << kSubBits;
  static std::size_t bucket_of(std::uint64_t value);
  static Nanos upper_end(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  Nanos max_ = 0;
};

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/histogram.h"

#include <algorithm>
#include <bit>

namespace sluice::bench {

std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < (1U << kSubBits)) return value;
  const auto exponent = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
  return (static_cast<std::size_t>(exponent) << kSubBits) + (value >> exponent);
}

Nanos Histogram::upper_end(std::size_t bucket) {
  if (bucket < (2U << kSubBits)) return static_cast<Nanos>(bucket);
  const std::size_t exponent = (bucket >> kSubBits) - 1;
  const std::size_t mantissa = (bucket & ((1U << kSubBits) - 1)) | (1U << kSubBits);
  return static_cast<Nanos>(((mantissa + 1) << exponent) - 1);
}

void Histogram::record(Nanos value) {
  value = std::max<Nanos>(value, 0);
  ++buckets_[bucket_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

Nanos Histogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_ - 1)) + 1;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(upper_end(i), max_);
  }
  return max_;
}

}  // namespace sluice::bench

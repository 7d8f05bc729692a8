// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/thread_annotations.h"

namespace sluice::metrics {

/// A named number that only grows. Adding costs one unshared memory write: every thread counts in a block of its own,
/// and a reader sums the blocks.
/// Thread safety: any thread.
class Counter {
 public:
  Counter(std::string_view name, std::string_view doc);
  void add(std::uint64_t n = 1) const;
  [[nodiscard]] std::uint64_t value() const;

 private:
  std::uint32_t index_;
};

/// A number that goes up and down; the same blocks, signed.
class Gauge {
 public:
  Gauge(std::string_view name, std::string_view doc);
  void add(std::int64_t n) const;
  [[nodiscard]] std::int64_t value() const;

 private:
  std::uint32_t index_;
};

enum class Kind : std::uint8_t { Counter, Gauge };

struct Sample {
  std::string_view name;
  std::string_view doc;
  Kind kind;
  std::int64_t value;
};

/// Everything registered in the process, in order of registration. `$SYS`, REST, sluicectl and Prometheus read here.
/// Names are the manual's: "packets/received", "clients/count".
[[nodiscard]] std::vector<Sample> read_all();
/// 0 for a name that nobody registered.
[[nodiscard]] std::int64_t read(std::string_view name);

/// Slots for counters and gauges of one process; registering more is a broken invariant.
inline constexpr std::size_t kMaxMetrics = 512;

}  // namespace sluice::metrics

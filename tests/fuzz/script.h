// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace sluice::fuzz {

/// Ends a driver: a property does not hold.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// The input of a driver as steps to be taken; 0 and nothing once it has ended.
/// Owner and thread: the driver's. A view: the input outlives it.
class ScriptReader {
 public:
  explicit ScriptReader(std::span<const std::uint8_t> input) : left_(input) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  std::uint8_t next() {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_.front();
    left_ = left_.subspan(1);
    return value;
  }
  /// `most` bytes, or what is left.
  std::vector<std::byte> take(std::size_t most) {
    const auto taken = std::as_bytes(left_.first(std::min(most, left_.size())));
    left_ = left_.subspan(taken.size());
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace sluice::fuzz

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::router {

/// Objects under 32-bit ids that never move: growing copies nothing, so it holds nobody up.
/// Id 0 is nobody. A released object keeps its value (and its memory) until it is acquired again: clean it up first.
/// Thread safety: as for a std::vector.
template <class T>
class Slab {
 public:
  std::uint32_t acquire() {
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    if ((end_ >> kChunkBits) == chunks_.size()) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return end_++;
  }
  void release(std::uint32_t id) { free_.push_back(id); }

  [[nodiscard]] T& operator[](std::uint32_t id) { return chunks_[id >> kChunkBits][id & (kChunk - 1)]; }
  [[nodiscard]] const T& operator[](std::uint32_t id) const { return chunks_[id >> kChunkBits][id & (kChunk - 1)]; }

  void prefetch(std::uint32_t id) const { __builtin_prefetch(&(*this)[id]); }

  /// All ids ever acquired are below; released ones among them.
  [[nodiscard]] std::uint32_t end() const { return end_; }

 private:
  static constexpr std::uint32_t kChunkBits = 9;
  static constexpr std::uint32_t kChunk = 1U << kChunkBits;

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t end_ = 1;
};

}  // namespace sluice::router

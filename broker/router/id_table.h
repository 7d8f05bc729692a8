// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::router {

/// A hash set of 32-bit ids of objects that hold their own keys: 8 bytes a slot, at most three quarters full.
/// Why not one of Boost's: a look-up touches one cache line here, a miss too, and the table grows in segments, each
/// by half: a million entries never mean one long pause or twice the memory.
/// Callers give the key's 64-bit hash and, to find, a test for equality. Id 0 is nobody.
/// Thread safety: as for a std::vector.
class IdTable {
 public:
  /// `segments`: a power of two.
  explicit IdTable(std::size_t segments = 1) : segments_(segments) {}

  [[nodiscard]] std::size_t size() const { return size_; }

  void prefetch(std::uint64_t hash) const {
    const Segment& segment = segment_of(hash);
    if (segment.capacity != 0) __builtin_prefetch(&segment.slots[segment.home(low(hash))]);
  }

  /// The id for which `equal(id)` holds; 0: none.
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    const Segment& segment = segment_of(hash);
    if (segment.capacity == 0) return 0;
    const std::uint32_t wanted = low(hash);
    for (std::uint32_t at = segment.home(wanted);; at = segment.after(at)) {
      const Slot& slot = segment.slots[at];
      if (slot.id == 0) return 0;
      if (slot.hash == wanted && equal(slot.id)) return slot.id;
    }
  }

  /// Requires: the key is not there, id is not 0.
  void insert(std::uint64_t hash, std::uint32_t id);
  /// Requires: the id is there.
  void erase(std::uint64_t hash, std::uint32_t id);
  /// The key's object has got another id. Requires: `from` is there.
  void rename(std::uint64_t hash, std::uint32_t from, std::uint32_t to);

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t id;  ///< 0: free
  };
  struct Segment {
    std::unique_ptr<Slot[]> slots;
    std::uint32_t capacity = 0;
    std::uint32_t size = 0;

    [[nodiscard]] std::uint32_t home(std::uint32_t hash) const {
      return static_cast<std::uint32_t>((std::uint64_t{hash} * capacity) >> 32);
    }
    [[nodiscard]] std::uint32_t after(std::uint32_t at) const { return at + 1 == capacity ? 0 : at + 1; }
    [[nodiscard]] std::uint32_t position(std::uint32_t hash, std::uint32_t id) const;
    void place(Slot slot);
    void resize(std::uint32_t new_capacity);
  };

  static std::uint32_t low(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
  [[nodiscard]] const Segment& segment_of(std::uint64_t hash) const {
    return segments_[(hash >> 32) & (segments_.size() - 1)];
  }
  [[nodiscard]] Segment& segment_of(std::uint64_t hash) { return segments_[(hash >> 32) & (segments_.size() - 1)]; }

  std::vector<Segment> segments_;
  std::size_t size_ = 0;
};

}  // namespace sluice::router

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::bench {

/// What one subscriber saw of the order of its publishers' messages.
struct OrderTally {
  std::uint64_t out_of_order = 0;  ///< arrived behind a later message of the same publisher
  std::uint64_t duplicates = 0;    ///< arrived again
  std::uint64_t missing = 0;       ///< skipped and not seen since
  std::uint64_t unknown = 0;       ///< not stamped, or by a publisher that this subscriber should not hear

  void add(const OrderTally& other);
};

/// How sequence numbers must grow: by one (the subscriber gets everything), or just grow (it gets a part).
enum class Sequence : std::uint8_t { Contiguous, Increasing };

/// Checks sequence numbers per publisher, for the publishers first … first + count - 1 of the run.
/// Thread: its subscriber's engine.
class OrderCheck {
 public:
  OrderCheck(std::uint32_t first, std::uint32_t count, Sequence rule);

  /// Returns the messages newly found missing by this arrival.
  std::uint64_t accept(std::uint32_t publisher, std::uint64_t sequence);
  void reject() { ++tally_.unknown; }
  [[nodiscard]] const OrderTally& tally() const { return tally_; }

  /// How far behind the newest message a late one is still told from a duplicate.
  static constexpr std::uint64_t kWindow = 64;

 private:
  struct Track {
    std::uint64_t next = 0;
    std::uint64_t recent = ~std::uint64_t{0};  ///< bit i: message next - 1 - i was seen
  };
  void accept_late(Track& track, std::uint64_t sequence);

  std::uint32_t first_;
  Sequence rule_;
  std::vector<Track> tracks_;
  OrderTally tally_;
};

}  // namespace sluice::bench

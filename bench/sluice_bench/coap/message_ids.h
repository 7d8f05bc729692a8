// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/sluice_bench/coap/source_address.h"

namespace sluice::bench::coap {

/// The message ids of every peer. None is used twice: a server takes the second use for a duplicate of the first until
/// EXCHANGE_LIFETIME (247 s) has passed [RFC 7252 4.4], which is longer than a run.
class MessageIds {
 public:
  static constexpr std::uint16_t kPerPeer = 65535;

  /// All peers begin at `first`.
  explicit MessageIds(std::size_t peers, std::uint16_t first = 0) : used_(peers), first_(first) {}

  /// nullopt: the peer has used all of them.
  std::optional<std::uint16_t> take(Peer peer) {
    if (used_[peer] == kPerPeer) return std::nullopt;
    return static_cast<std::uint16_t>(first_ + used_[peer]++);
  }
  [[nodiscard]] std::size_t peers() const { return used_.size(); }

 private:
  std::vector<std::uint16_t> used_;
  std::uint16_t first_;
};

}  // namespace sluice::bench::coap

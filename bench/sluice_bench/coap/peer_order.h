// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <numeric>

#include "bench/sluice_bench/coap/source_address.h"

namespace sluice::bench::coap {

/// All peers over and over, each once in a round, neighbours far from each other: what the server knows of a peer is as
/// cold as it can be when its turn comes.
class PeerOrder {
 public:
  /// Requires: at least one peer.
  explicit PeerOrder(std::size_t peers) : peers_(peers), step_(static_cast<std::size_t>(double(peers) * kGolden)) {
    while (std::gcd(step_, peers_) != 1) ++step_;
  }

  Peer next() {
    at_ = (at_ + step_) % peers_;
    return static_cast<Peer>(at_);
  }

 private:
  static constexpr double kGolden = 0.618;
  std::size_t peers_;
  std::size_t step_;  ///< has no divisor in common with the number of peers, so that the walk meets all of them
  std::size_t at_ = 0;
};

}  // namespace sluice::bench::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::coap {

/// Transmission parameters [RFC 7252 4.8] and what follows from them, and the bounds of what peers can make us keep.
struct Parameters {
  using Milliseconds = std::chrono::milliseconds;

  Milliseconds ack_timeout{2000};      ///< ACK_TIMEOUT
  double ack_random_factor = 1.5;      ///< ACK_RANDOM_FACTOR, at least 1
  std::uint32_t max_retransmit = 4;    ///< MAX_RETRANSMIT, at most 20
  std::uint32_t nstart = 1;            ///< NSTART: confirmable messages to one peer at the same time
  Milliseconds default_leisure{5000};  ///< DEFAULT_LEISURE
  Milliseconds max_latency{100'000};   ///< MAX_LATENCY

  std::size_t max_peers = 250'000;                 ///< of one endpoint; the idlest one goes first
  std::size_t max_duplicates = 250'000;            ///< requests remembered with their answers
  std::size_t duplicate_bytes = 32 * 1024 * 1024;  ///< of answers that are too long to lie in the entry
  std::size_t max_waiting = 16;                    ///< confirmable messages of one peer that wait for NSTART

  /// MAX_TRANSMIT_SPAN: from the first transmission of a confirmable message to its last.
  [[nodiscard]] Milliseconds max_transmit_span() const { return spread((1U << max_retransmit) - 1); }
  /// MAX_TRANSMIT_WAIT: from the first transmission to giving up.
  [[nodiscard]] Milliseconds max_transmit_wait() const { return spread((1U << (max_retransmit + 1)) - 1); }
  /// EXCHANGE_LIFETIME: as long as a confirmable message's id must not be used again.
  [[nodiscard]] Milliseconds exchange_lifetime() const { return max_transmit_span() + 2 * max_latency + ack_timeout; }
  /// NON_LIFETIME: the same for a non-confirmable message.
  [[nodiscard]] Milliseconds non_lifetime() const { return max_transmit_span() + max_latency; }

 private:
  [[nodiscard]] Milliseconds spread(std::uint32_t timeouts) const {
    return Milliseconds(
        static_cast<std::int64_t>(static_cast<double>(ack_timeout.count()) * timeouts * ack_random_factor));
  }
};

}  // namespace sluice::coap

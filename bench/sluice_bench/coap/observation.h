// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bench/sluice_bench/coap/exchanges.h"
#include "bench/sluice_bench/coap/message.h"

namespace sluice::bench::coap {

/// Is `later` newer than `earlier`? Both are of 24 bits and come round [RFC 7641 3.4], without the clock of that
/// clause.
[[nodiscard]] bool is_newer(std::uint32_t later, std::uint32_t earlier);

/// What all observers have got so far.
struct ObservationTally {
  std::uint64_t notified = 0;
  std::uint64_t confirmable = 0;    ///< of these
  std::uint64_t retransmitted = 0;  ///< came again under their message id: the server has not seen the acknowledgement
  std::uint64_t duplicates = 0;     ///< came again under another
  std::uint64_t out_of_order = 0;   ///< payloads, or Observe numbers that do not rise
};

/// One observer's observation of one topic, whose messages are numbered from 0 on.
class Observation {
 public:
  /// The answer to the registration. false: the server has not accepted it.
  bool begin(const Token& token, const Message& answer);
  /// false: it is no notification of this observation.
  bool take(const Message& notification, std::uint64_t sequence, ObservationTally& tally);
  [[nodiscard]] bool is_ours(const Message& message) const;

 private:
  Token token_{};
  std::uint32_t observe_ = 0;
  std::uint32_t expected_ = 0;
  std::uint16_t last_id_ = 0;
};

}  // namespace sluice::bench::coap

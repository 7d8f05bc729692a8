// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/coap/observation.h"

#include <algorithm>

namespace sluice::bench::coap {

bool is_newer(std::uint32_t later, std::uint32_t earlier) {
  constexpr std::uint32_t kHalf = 1U << 23;
  return (earlier < later && later - earlier < kHalf) || (earlier > later && earlier - later > kHalf);
}

bool Observation::begin(const Token& token, const Message& answer) {
  if (answer.code != codes::kContent || !answer.observe) return false;
  token_ = token;
  observe_ = *answer.observe;
  return true;
}

bool Observation::is_ours(const Message& message) const {
  return message.code == codes::kContent && message.observe.has_value() &&
         std::equal(message.token.begin(), message.token.end(), token_.begin(), token_.end());
}

bool Observation::take(const Message& notification, std::uint64_t sequence, ObservationTally& tally) {
  if (!is_ours(notification)) return false;
  if (sequence + 1 == expected_) {
    ++(notification.id == last_id_ ? tally.retransmitted : tally.duplicates);
    return true;
  }
  last_id_ = notification.id;
  ++tally.notified;
  if (notification.type == Type::Confirmable) ++tally.confirmable;
  const std::uint32_t number = notification.observe.value_or(0);
  const bool rises = is_newer(number, observe_);
  if (!rises || sequence < expected_) ++tally.out_of_order;
  if (rises) observe_ = number;
  expected_ = std::max(expected_, static_cast<std::uint32_t>(sequence + 1));
  return true;
}

}  // namespace sluice::bench::coap

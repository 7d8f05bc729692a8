// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bench/sluice_bench/coap/request_loop.h"
#include "bench/sluice_bench/histogram.h"

namespace sluice::bench {

/// Requests whose answers are counted and judged.
class CheckedSource : public coap::RequestSource {
 public:
  void answered(const coap::Exchanges::Exchange& exchange, const coap::Message& answer, Nanos now) final {
    ++answered_;
    if (measuring) latency.record(now - exchange.sent);
    if (good(exchange, answer)) return;
    ++refused_;
    last_refusal_ = answer.code;
  }

  [[nodiscard]] std::uint64_t answered_count() const { return answered_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint8_t last_refusal() const { return last_refusal_; }

  /// Latencies are recorded while this is set.
  bool measuring = false;
  Histogram latency;

 protected:
  /// Is it the answer that the request is to have?
  virtual bool good(const coap::Exchanges::Exchange& exchange, const coap::Message& answer) = 0;

 private:
  std::uint64_t answered_ = 0;
  std::uint64_t refused_ = 0;
  std::uint8_t last_refusal_ = 0;
};

}  // namespace sluice::bench

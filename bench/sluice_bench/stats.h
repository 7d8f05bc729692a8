// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "bench/sluice_bench/histogram.h"
#include "bench/sluice_bench/order_check.h"

namespace sluice::bench {

/// A number that one thread counts and others read while it runs.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one engine has done so far.
struct Stats {
  Counter started;    ///< connects begun
  Counter settled;    ///< connects that ended up or failed
  Counter connected;  ///< CONNACK with success
  Counter ready;      ///< connected and, if wanted, subscribed
  Counter refused;    ///< connects, and subscriptions that the server refused
  Counter lost;       ///< connections that ended without being asked to
  Counter closed;     ///< connections that ended because they were asked to
  Counter subscribed;
  Counter sent;
  Counter expected;  ///< deliveries that the sent messages must cause
  Counter acked;     ///< QoS 1 and 2, at the publisher
  Counter delivered;
  Counter bytes;   ///< of delivered payloads
  Counter cycles;  ///< of the connect and churn scenarios
  Counter pings;
  Counter pongs;
};

/// Sums over engines, at one moment.
struct Totals {
  std::uint64_t started = 0;
  std::uint64_t connected = 0;
  std::uint64_t ready = 0;
  std::uint64_t refused = 0;
  std::uint64_t lost = 0;
  std::uint64_t closed = 0;
  std::uint64_t subscribed = 0;
  std::uint64_t sent = 0;
  std::uint64_t expected = 0;
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  std::uint64_t bytes = 0;
  std::uint64_t cycles = 0;
  std::uint64_t pings = 0;
  std::uint64_t pongs = 0;

  void add(const Stats& stats);
};

/// Undelivered messages of one publisher, counted up by its subscribers, which may live on other engines.
struct alignas(64) Flow {
  std::atomic<std::uint64_t> delivered{0};  ///< or found missing
};

}  // namespace sluice::bench

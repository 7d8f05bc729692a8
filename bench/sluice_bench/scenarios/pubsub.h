// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/sluice_bench/harness.h"
#include "bench/sluice_bench/order_check.h"
#include "bench/sluice_bench/publisher.h"
#include "bench/sluice_bench/report.h"

namespace sluice::bench {

/// The shape of a load of publishers and subscribers.
struct PubSubPlan {
  std::size_t publishers = 0;
  std::size_t subscribers = 0;
  std::uint64_t cap = 0;  ///< default of --inflight-cap
  std::function<std::string(std::size_t publisher)> topic;
  std::function<std::string(std::size_t subscriber)> filter;
  std::uint64_t fan = 1;  ///< subscribers that get a message
  /// Every so manieth subscriber is away: it disconnects after it has subscribed, and its publishers (as many as
  /// subscribers, paired by number) send to a queue. 0: none.
  std::size_t away_every = 0;
  bool noise = false;  ///< payloads that cannot be compressed, so that what a server writes is not flattered
  /// Whom a subscriber hears.
  std::function<OrderCheck(std::size_t subscriber)> order;
};

/// Connects subscribers, then publishers, runs the traffic and reports.
bool run_pubsub(Harness& harness, Report& report, const PubSubPlan& plan);

/// `wanted`, or `standard` if that is 0.
[[nodiscard]] constexpr std::size_t or_default(std::size_t wanted, std::size_t standard) {
  return wanted > 0 ? wanted : standard;
}

/// Client ids that do not clash with those of another run of this program.
std::string client_id(const Settings& settings, const char* role, std::size_t number);

}  // namespace sluice::bench

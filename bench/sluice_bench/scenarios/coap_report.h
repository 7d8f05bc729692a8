// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "bench/sluice_bench/clock.h"
#include "bench/sluice_bench/coap/request_loop.h"
#include "bench/sluice_bench/histogram.h"
#include "bench/sluice_bench/report.h"
#include "bench/sluice_bench/server_probe.h"
#include "bench/sluice_bench/settings.h"

namespace sluice::bench {

/// What the CoAP scenarios have in common.

inline constexpr std::uint16_t kCoapPort = 5683;
inline constexpr std::uint16_t kCoapsPort = 5684;

[[nodiscard]] inline std::uint16_t coap_port(const Settings& settings, std::uint16_t standard) {
  return settings.client.port == 0 ? standard : settings.client.port;
}

[[nodiscard]] inline Nanos as_nanos(double seconds) { return static_cast<Nanos>(seconds * 1e9); }

[[nodiscard]] inline double seconds_between(const ProcessSample& from, const ProcessSample& to) {
  return static_cast<double>(to.wall_ns - from.wall_ns) / 1e9;
}

/// The server's memory before and after `units` of something, and how much one of them takes.
void report_growth(Report& report, const std::string& unit, const ProcessSample& empty, const ProcessSample& full,
                   std::uint64_t units);

/// Latencies, losses, and what was sent again.
void report_exchanges(Report& report, const coap::RequestLoop& loop, const Histogram& latency);

}  // namespace sluice::bench

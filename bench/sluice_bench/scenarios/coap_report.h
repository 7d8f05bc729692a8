// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "bench/sluice_bench/clock.h"
#include "bench/sluice_bench/coap/request_loop.h"
#include "bench/sluice_bench/harness.h"
#include "bench/sluice_bench/histogram.h"
#include "bench/sluice_bench/report.h"
#include "bench/sluice_bench/scenarios/coap_source.h"
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

/// What had been used and done at a moment.
struct CoapMoment {
  ProcessSample server;
  std::uint64_t units = 0;
  double own_cpu_s = 0;
};
[[nodiscard]] CoapMoment coap_moment(const Harness& harness, std::uint64_t units);

/// How many units there were between two moments and what one of them cost.
void report_costs(const Harness& harness, Report& report, const std::string& unit, const CoapMoment& from,
                  const CoapMoment& to);

/// false, with the reason told to the harness: interrupted, or an answer was missing or not what it was to be.
bool check_answers(Harness& harness, const coap::PeerSocket& socket, const coap::RequestLoop& loop,
                   const CheckedSource& source);

void report_latency(Report& report, const Histogram& latency);

}  // namespace sluice::bench

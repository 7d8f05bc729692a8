// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/scenarios/coap_report.h"

#include <algorithm>

#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {

void report_growth(Report& report, const std::string& unit, const ProcessSample& empty, const ProcessSample& full,
                   std::uint64_t units) {
  const double grown = static_cast<double>(full.rss_bytes) - static_cast<double>(empty.rss_bytes);
  report.add("server_rss_empty_bytes", empty.rss_bytes);
  report.add("server_rss_full_bytes", full.rss_bytes);
  report.add("server_rss_bytes_per_" + unit, grown / static_cast<double>(units));
}

CoapMoment coap_moment(const Harness& harness, std::uint64_t units) {
  return {.server = harness.sample(false), .units = units, .own_cpu_s = own_cpu_s()};
}

void report_costs(const Harness& harness, Report& report, const std::string& unit, const CoapMoment& from,
                  const CoapMoment& to) {
  const double seconds = seconds_between(from.server, to.server);
  const std::uint64_t units = to.units - from.units;
  report.add("seconds", seconds);
  report.add(unit + "s", units);
  report.add(unit + "s_per_s", static_cast<double>(units) / seconds);
  if (harness.has_server()) {
    report_cpu(report, unit, from.server, to.server, units);
    report.add("server_cpu_percent", (to.server.cpu_s - from.server.cpu_s) / seconds * 100);
  }
  report.add("client_cpu_us_per_" + unit,
             (to.own_cpu_s - from.own_cpu_s) * 1e6 / static_cast<double>(std::max<std::uint64_t>(units, 1)));
}

bool check_answers(Harness& harness, const coap::PeerSocket& socket, const coap::RequestLoop& loop,
                   const CheckedSource& source) {
  if (interrupted()) return harness.fail("interrupted");
  if (!socket.error().empty()) return harness.fail(socket.error());
  if (source.refused() > 0) {
    return harness.fail(std::to_string(source.refused()) + " answers were not what they had to be but " +
                        coap::code_text(source.last_refusal()));
  }
  const std::uint64_t lost = loop.exchanges().tally().lost;
  return lost == 0 || harness.fail(std::to_string(lost) + " requests were not answered");
}

void report_latency(Report& report, const Histogram& latency) {
  if (latency.count() == 0) return;
  report.add("latency_p50_us", static_cast<double>(latency.quantile(0.5)) / 1e3);
  report.add("latency_p99_us", static_cast<double>(latency.quantile(0.99)) / 1e3);
  report.add("latency_max_us", static_cast<double>(latency.max()) / 1e3);
}

}  // namespace sluice::bench

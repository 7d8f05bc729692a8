// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/scenarios/coap_report.h"

namespace sluice::bench {

void report_growth(Report& report, const std::string& unit, const ProcessSample& empty, const ProcessSample& full,
                   std::uint64_t units) {
  const double grown = static_cast<double>(full.rss_bytes) - static_cast<double>(empty.rss_bytes);
  report.add("server_rss_empty_bytes", empty.rss_bytes);
  report.add("server_rss_full_bytes", full.rss_bytes);
  report.add("server_rss_bytes_per_" + unit, grown / static_cast<double>(units));
}

void report_exchanges(Report& report, const coap::RequestLoop& loop, const Histogram& latency) {
  if (latency.count() > 0) {
    report.add("latency_p50_us", static_cast<double>(latency.quantile(0.5)) / 1e3);
    report.add("latency_p99_us", static_cast<double>(latency.quantile(0.99)) / 1e3);
    report.add("latency_max_us", static_cast<double>(latency.max()) / 1e3);
  }
  const coap::ExchangeTally& tally = loop.exchanges().tally();
  report.add("sent", tally.sent);
  report.add("retransmitted", tally.retransmitted);
  report.add("lost", tally.lost);
  report.add("duplicates", tally.duplicates);
  report.add("unexpected", loop.unexpected());
}

}  // namespace sluice::bench

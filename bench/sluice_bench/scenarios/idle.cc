// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/subscriber.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {
namespace {

double seconds_between(const ProcessSample& from, const ProcessSample& to) {
  return static_cast<double>(to.wall_ns - from.wall_ns) / 1e9;
}

bool connect_subscribers(Harness& harness, std::size_t count) {
  return harness.connect(count, [&](Engine& engine, std::size_t i) {
    return std::make_unique<Subscriber>(engine, client_id(harness.settings(), "idle", i), filter_topic(i),
                                        OrderCheck(0, 0, Sequence::Increasing), std::span<Flow>());
  });
}

bool connect_measured(Harness& harness, Report& report, std::size_t count) {
  const ProcessSample empty = harness.sample(true);
  if (!connect_subscribers(harness, count)) return false;
  const ProcessSample full = harness.sample(false);
  report.add("connects_per_s", static_cast<double>(count) / seconds_between(empty, full));
  if (!harness.has_server()) return true;
  report_cpu(report, "connect", empty, full, count);
  if (!harness.sleep(harness.settings().plan.settle_s)) return false;
  const ProcessSample settled = harness.sample(true);
  const double grown = static_cast<double>(settled.rss_bytes) - static_cast<double>(empty.rss_bytes);
  report.add("server_rss_empty_bytes", empty.rss_bytes);
  report.add("server_rss_full_bytes", settled.rss_bytes);
  report.add("server_rss_bytes_per_connection", grown / static_cast<double>(count));
  return true;
}

bool ping(Harness& harness, Report& report) {
  const double interval = harness.settings().plan.ping_interval_s;
  harness.ping_every(static_cast<Nanos>(interval * 1e9));
  if (!harness.sleep(harness.settings().load.warmup_s)) return false;
  const ProcessSample from = harness.sample(false);
  const Totals before = harness.totals();
  if (!harness.sleep(harness.settings().load.duration_s)) return false;
  const ProcessSample to = harness.sample(false);
  const Totals after = harness.totals();
  harness.ping_every(0);
  const double seconds = seconds_between(from, to);
  const std::uint64_t pings = after.pongs - before.pongs;
  report.add("seconds", seconds);
  report.add("pings_per_s", static_cast<double>(pings) / seconds);
  if (harness.has_server()) {
    report_cpu(report, "ping", from, to, pings);
    report.add("server_cpu_percent", (to.cpu_s - from.cpu_s) / seconds * 100);
  }
  report.add("lost_connections", after.lost);
  return after.lost == 0 || harness.fail("the server closed idle connections");
}

std::size_t connections(const Harness& harness, Report& report) {
  const std::size_t count = or_default(harness.settings().load.count, 1000);
  report.add("connections", count);
  return count;
}

}  // namespace

bool run_idle(Harness& harness, Report& report) {
  if (!connect_measured(harness, report, connections(harness, report))) return false;
  if (harness.settings().load.duration_s > 0 && !ping(harness, report)) return false;
  harness.disconnect();
  return true;
}

bool run_ping(Harness& harness, Report& report) {
  if (!connect_subscribers(harness, connections(harness, report)) || !ping(harness, report)) return false;
  harness.disconnect();
  return true;
}

}  // namespace sluice::bench

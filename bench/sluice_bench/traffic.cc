// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/traffic.h"

#include <algorithm>
#include <utility>

#include "bench/sluice_bench/drivers.h"

namespace sluice::bench {
namespace {

constexpr Nanos kQuiet = kSecond;  ///< so long without a delivery: what is missing then is lost

double per_unit_us(double seconds, std::uint64_t units) {
  return units == 0 ? 0 : seconds * 1e6 / static_cast<double>(units);
}

std::vector<Publisher*> publishers_of(Engine& engine) {
  std::vector<Publisher*> found;
  for (auto& client : engine.clients()) {
    if (auto* publisher = dynamic_cast<Publisher*>(client.get())) found.push_back(publisher);
  }
  return found;
}

}  // namespace

void report_cpu(Report& report, const std::string& unit, const ProcessSample& from, const ProcessSample& to,
                std::uint64_t units) {
  report.add("server_cpu_us_per_" + unit, per_unit_us(to.cpu_s - from.cpu_s, units));
  report.add("server_user_us_per_" + unit, per_unit_us(to.user_s - from.user_s, units));
  report.add("server_system_us_per_" + unit, per_unit_us(to.system_s - from.system_s, units));
}

bool Traffic::run() {
  Moment from = moment();
  Moment to;
  start();
  const bool whole = let_run(from, to);
  harness_.on_each([](Engine& engine) {
    engine.measuring = false;
    engine.set_driver(DriverSlot::Load, nullptr);
  });
  if (!whole) return false;
  drain();
  report_costs(from, to);
  return true;
}

Traffic::Moment Traffic::moment() {
  Moment now;
  now.server = harness_.sample(false);
  now.totals = harness_.totals();
  now.own_cpu_s = own_cpu_s();
  return now;
}

void Traffic::start() {
  const double rate = harness_.settings().load.rate;
  std::atomic<std::size_t> all{0};
  harness_.on_each([&](Engine& engine) { all += publishers_of(engine).size(); });
  harness_.on_each([&](Engine& engine) {
    std::vector<Publisher*> publishers = publishers_of(engine);
    if (publishers.empty()) return;
    const double share = static_cast<double>(publishers.size()) / static_cast<double>(all);
    std::unique_ptr<Driver> driver;
    if (rate > 0) {
      driver = std::make_unique<Pacer>(std::move(publishers), rate * share);
    } else {
      driver = std::make_unique<Saturator>(std::move(publishers));
    }
    engine.set_driver(DriverSlot::Load, std::move(driver));
  });
}

bool Traffic::let_run(Moment& from, Moment& to) {
  const LoadSettings& load = harness_.settings().load;
  const auto measure = [&](bool on) { harness_.on_each([&](Engine& engine) { engine.measuring = on; }); };
  if (load.messages > 0) {
    measure(true);
    const double expected = static_cast<double>(load.messages) / std::max(load.rate, 1000.0);
    harness_.wait_until([&] { return harness_.totals().sent >= load.messages; }, harness_.timeout() + expected);
    drain();
    to = moment();
    return harness_.totals().sent >= load.messages || harness_.fail("the messages were not taken in time");
  }
  if (!harness_.sleep(load.warmup_s)) return false;
  measure(true);
  from = moment();
  if (!harness_.sleep(load.duration_s)) return false;
  to = moment();
  return harness_.totals().lost == 0 || harness_.fail("connections were lost under load");
}

void Traffic::drain() {
  std::uint64_t seen = harness_.totals().delivered;
  Nanos changed = now_ns();
  harness_.wait_until(
      [&] {
        const Totals totals = harness_.totals();
        if (totals.delivered != seen) changed = now_ns();
        seen = totals.delivered;
        return totals.delivered >= totals.expected || now_ns() - changed > kQuiet;
      },
      harness_.timeout());
}

void Traffic::report_costs(const Moment& from, const Moment& to) {
  const double seconds = static_cast<double>(to.server.wall_ns - from.server.wall_ns) / 1e9;
  const std::uint64_t delivered = to.totals.delivered - from.totals.delivered;
  const std::uint64_t sent = to.totals.sent - from.totals.sent;
  report_.add("seconds", seconds);
  report_.add("sent_per_s", static_cast<double>(sent) / seconds);
  report_.add("delivered_per_s", static_cast<double>(delivered) / seconds);
  if (harness_.has_server()) {
    report_cpu(report_, "message", from.server, to.server, delivered);
    report_.add("server_written_bytes_per_message",
                static_cast<double>(to.server.written_bytes - from.server.written_bytes) /
                    static_cast<double>(std::max<std::uint64_t>(sent, 1)));
    report_.add("server_cpu_percent", (to.server.cpu_s - from.server.cpu_s) / seconds * 100);
  }
  report_.add("client_cpu_us_per_message", per_unit_us(to.own_cpu_s - from.own_cpu_s, delivered));
  report_.add("client_cpu_percent", (to.own_cpu_s - from.own_cpu_s) / seconds * 100);
}

void Traffic::report_quality() {
  const Histogram latency = harness_.latency();
  if (latency.count() > 0) {
    report_.add("latency_p50_us", static_cast<double>(latency.quantile(0.5)) / 1e3);
    report_.add("latency_p99_us", static_cast<double>(latency.quantile(0.99)) / 1e3);
    report_.add("latency_max_us", static_cast<double>(latency.max()) / 1e3);
  }
  const Totals totals = harness_.totals();
  const OrderTally order = harness_.order();
  const std::uint64_t arrived = totals.delivered - std::min(totals.delivered, order.duplicates);
  report_.add("sent", totals.sent);
  report_.add("delivered", totals.delivered);
  report_.add("lost", totals.expected - std::min(totals.expected, arrived));
  report_.add("out_of_order", order.out_of_order);
  report_.add("duplicates", order.duplicates);
  report_.add("unknown", order.unknown);
}

}  // namespace sluice::bench

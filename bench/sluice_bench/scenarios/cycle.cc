// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>
#include <vector>

#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {
namespace {

/// Closed clients that are to connect again.
using Waiting = std::vector<Client*>;

/// Connects, subscribes if wanted, disconnects, waits for the server to close, and asks to be started again.
class CyclingClient : public Client {
 public:
  CyclingClient(Engine& engine, std::string id, std::string filter, std::shared_ptr<Waiting> waiting)
      : Client(engine, std::move(id)), filter_(std::move(filter)), waiting_(std::move(waiting)) {}

 protected:
  void on_up() override {
    if (filter_.empty()) {
      disconnect();
      return;
    }
    Bytes packet;
    encode_subscribe(version(), 1, std::span(&filter_, 1), engine().settings().load.qos, packet);
    append(packet);
  }

  void on_frame(const Frame& frame) override {
    if (frame.type != PacketType::Suback) return;
    engine().stats().subscribed.add();
    disconnect();
  }

  void on_down(bool asked) override {
    if (asked) engine().stats().cycles.add();
    waiting_->push_back(this);
  }

 private:
  std::string filter_;  ///< empty: do not subscribe
  std::shared_ptr<Waiting> waiting_;
};

/// Starts the clients that wait.
class Restarter : public Driver {
 public:
  explicit Restarter(std::shared_ptr<Waiting> waiting) : waiting_(std::move(waiting)) {}

  Nanos turn(Engine&, Nanos) override {
    const Waiting now = std::exchange(*waiting_, {});
    for (Client* client : now) client->start();
    return waiting_->empty() ? kNever : now_ns() + kMillisecond;
  }

 private:
  std::shared_ptr<Waiting> waiting_;
};

void start_cycling(Harness& harness, std::size_t count, bool subscribe) {
  const Settings& settings = harness.settings();
  std::vector<std::shared_ptr<Waiting>> waiting(harness.engines());
  for (auto& list : waiting) list = std::make_shared<Waiting>();
  harness.create(count, [&](Engine& engine, std::size_t i) {
    auto client = std::make_unique<CyclingClient>(engine, client_id(settings, "cycle", i),
                                                  subscribe ? numbered_topic("cycl", i) : "", waiting[engine.index()]);
    waiting[engine.index()]->push_back(client.get());
    return client;
  });
  harness.on_each([&](Engine& engine) {
    engine.set_driver(DriverSlot::Load, std::make_unique<Restarter>(waiting[engine.index()]));
  });
}

bool cycle(Harness& harness, Report& report, bool subscribe, const char* unit) {
  const LoadSettings& load = harness.settings().load;
  start_cycling(harness, or_default(load.count, 50), subscribe);
  if (!harness.sleep(load.warmup_s)) return false;
  const ProcessSample from = harness.sample(false);
  const double own = own_cpu_s();
  const std::uint64_t before = harness.totals().cycles;
  if (!harness.sleep(load.duration_s)) return false;
  const ProcessSample to = harness.sample(false);
  const double own_after = own_cpu_s();
  const std::uint64_t cycles = harness.totals().cycles - before;
  harness.on_each([](Engine& engine) { engine.set_driver(DriverSlot::Load, nullptr); });
  const double seconds = static_cast<double>(to.wall_ns - from.wall_ns) / 1e9;
  report.add("seconds", seconds);
  report.add(std::string(unit) + "s_per_s", static_cast<double>(cycles) / seconds);
  if (harness.has_server()) {
    report_cpu(report, unit, from, to, cycles);
    report.add("server_cpu_percent", (to.cpu_s - from.cpu_s) / seconds * 100);
  }
  report.add(std::string("client_cpu_us_per_") + unit,
             cycles == 0 ? 0.0 : (own_after - own) * 1e6 / static_cast<double>(cycles));
  const Totals totals = harness.totals();
  report.add("refused", totals.refused + totals.lost);
  return totals.refused + totals.lost == 0 || harness.fail("connections failed");
}

}  // namespace

bool run_connect(Harness& harness, Report& report) {
  return cycle(harness, report, harness.settings().plan.subscribe, "connect");
}

bool run_tls(Harness& harness, Report& report) {
  if (!harness.settings().client.tls.enabled) return harness.fail("this scenario needs --tls");
  return cycle(harness, report, false, "handshake");
}

}  // namespace sluice::bench

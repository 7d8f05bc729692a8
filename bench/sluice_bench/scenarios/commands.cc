// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "bench/sluice_bench/drivers.h"
#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/subscriber.h"
#include "bench/sluice_bench/topics.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kDefaultClients = 200;

/// A client that only connects.
class ConnectedClient : public Client {
 public:
  using Client::Client;

 protected:
  void on_up() override { engine().stats().ready.add(); }
  void on_frame(const Frame&) override {}
};

/// Makes the clients of the command; `flows` outlives them.
Harness::Factory factory(const Settings& settings, std::vector<Flow>& flows) {
  return [&settings, &flows](Engine& engine, std::size_t i) -> std::unique_ptr<Client> {
    const std::size_t number = i + settings.load.start_number;
    std::string id = client_id(settings, settings.command.c_str(), i);
    std::string topic = expand_topic(settings.load.topic, id, settings.client.username, number);
    if (settings.command == "conn") return std::make_unique<ConnectedClient>(engine, std::move(id));
    if (settings.command == "sub") {
      return std::make_unique<Subscriber>(engine, std::move(id), std::move(topic),
                                          OrderCheck(0, 0, Sequence::Increasing), std::span<Flow>());
    }
    PublishPlan plan{.topic = std::move(topic), .number = static_cast<std::uint32_t>(i), .fan = 0};
    plan.limit = settings.load.messages == 0 ? 0 : (settings.load.messages + flows.size() - 1 - i) / flows.size();
    return std::make_unique<Publisher>(engine, std::move(id), std::move(plan), flows[i]);
  };
}

void start_publishing(Harness& harness, std::size_t count) {
  const LoadSettings& load = harness.settings().load;
  const bool saturated = load.rate <= 0 && load.message_interval_ms <= 0;
  const double all = load.rate > 0 ? load.rate : static_cast<double>(count) * 1000 / load.message_interval_ms;
  harness.on_each([&](Engine& engine) {
    std::vector<Publisher*> publishers;
    for (auto& client : engine.clients()) publishers.push_back(static_cast<Publisher*>(client.get()));
    if (publishers.empty()) return;
    if (saturated) {
      engine.set_driver(DriverSlot::Load, std::make_unique<Saturator>(std::move(publishers)));
      return;
    }
    const double share = static_cast<double>(publishers.size()) / static_cast<double>(count);
    engine.set_driver(DriverSlot::Load, std::make_unique<Pacer>(std::move(publishers), all * share));
  });
}

void print_status(const Harness& harness, const Totals& before, double seconds) {
  const Totals now = harness.totals();
  std::string line = fmt::format("clients: connected={} lost={}", now.connected - now.lost - now.closed, now.lost);
  if (harness.settings().command == "sub") {
    line += fmt::format(" recv: total={} rate={:.0f}(msg/sec)", now.delivered,
                        static_cast<double>(now.delivered - before.delivered) / seconds);
  } else if (harness.settings().command == "pub") {
    line += fmt::format(" sent: total={} rate={:.0f}(msg/sec)", now.sent,
                        static_cast<double>(now.sent - before.sent) / seconds);
  }
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

bool finished(const Harness& harness, Nanos since) {
  const LoadSettings& load = harness.settings().load;
  const Totals now = harness.totals();
  if (load.duration_s > 0 && now_ns() - since >= static_cast<Nanos>(load.duration_s * 1e9)) return true;
  if (load.messages == 0) return false;
  if (harness.settings().command == "sub") return now.delivered >= load.messages;
  return now.sent >= load.messages && (load.qos == 0 || now.acked >= now.sent);
}

}  // namespace

bool run_command(Harness& harness) {
  const Settings& settings = harness.settings();
  const std::size_t count = or_default(settings.load.count, kDefaultClients);
  std::vector<Flow> flows(count);
  if (!harness.connect(count, factory(settings, flows))) return false;
  fmt::print("connected: {}\n", count);
  harness.ping_every(Nanos{settings.client.keep_alive} * kSecond / 2);
  if (settings.command == "pub") start_publishing(harness, count);
  const Nanos since = now_ns();
  while (!interrupted() && !finished(harness, since)) {
    const Totals before = harness.totals();
    const Nanos from = now_ns();
    harness.wait_until([&] { return finished(harness, since); }, 1);
    print_status(harness, before, static_cast<double>(now_ns() - from) / 1e9);
  }
  harness.on_each([](Engine& engine) { engine.set_driver(DriverSlot::Load, nullptr); });
  harness.disconnect();
  harness.stop();
  return harness.totals().lost == 0 || harness.fail("connections were lost");
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/scenarios/pubsub.h"

#include <unistd.h>

#include <fmt/format.h>

#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/subscriber.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {

std::string client_id(const Settings& settings, const char* role, std::size_t number) {
  return fmt::format("{}_{}_{}_{}", settings.client.id_prefix, role, ::getpid(), number + settings.load.start_number);
}

namespace {

bool is_away(const PubSubPlan& plan, std::size_t number) {
  return plan.away_every > 0 && number % plan.away_every == plan.away_every - 1;
}

/// Disconnects the subscribers that are to be away, and waits for it.
bool send_away(Harness& harness, const PubSubPlan& plan) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < plan.subscribers; ++i) count += is_away(plan, i) ? 1 : 0;
  if (count == 0) return true;
  harness.on_each([&](Engine& engine) {
    for (std::size_t i = 0, at = 0; i < plan.subscribers; ++i) {
      if (engine_of(i, harness.engines()) != engine.index()) continue;
      if (is_away(plan, i)) engine.clients()[at]->disconnect();
      ++at;
    }
  });
  const auto closed = [&] { return harness.totals().closed >= count; };
  return harness.wait_until(closed, harness.timeout()) ||
         harness.fail("the server kept connections that said DISCONNECT");
}

}  // namespace

bool run_pubsub(Harness& harness, Report& report, const PubSubPlan& plan) {
  const Settings& settings = harness.settings();
  std::vector<Flow> flows(plan.publishers);
  const auto subscriber = [&](Engine& engine, std::size_t i) {
    return std::make_unique<Subscriber>(engine, client_id(settings, "sub", i), plan.filter(i), plan.order(i), flows);
  };
  const auto publisher = [&](Engine& engine, std::size_t i) {
    PublishPlan what{.topic = plan.topic(i),
                     .number = static_cast<std::uint32_t>(i),
                     .fan = is_away(plan, i) ? 0 : plan.fan,
                     .cap = or_default(settings.load.inflight_cap, plan.cap),
                     .limit = (settings.load.messages + plan.publishers - 1 - i) / plan.publishers,
                     .noise = plan.noise};
    return std::make_unique<Publisher>(engine, client_id(settings, "pub", i), std::move(what), flows[i]);
  };
  report.add("publishers", plan.publishers);
  report.add("subscribers", plan.subscribers);
  report.add("qos", std::uint64_t{settings.load.qos});
  Traffic traffic(harness, report);
  const bool good = harness.connect(plan.subscribers, subscriber) && send_away(harness, plan) &&
                    harness.connect(plan.publishers, publisher) && traffic.run();
  if (good) harness.disconnect();
  harness.stop();
  if (good) traffic.report_quality();
  return good;
}

namespace {

PubSubPlan pairs_plan(const Harness& harness) {
  const std::size_t pairs = or_default(harness.settings().load.count, 50);
  const auto topic = [](std::size_t i) { return numbered_topic("pair", i); };
  const auto order = [](std::size_t i) { return OrderCheck(static_cast<std::uint32_t>(i), 1, Sequence::Contiguous); };
  return {.publishers = pairs, .subscribers = pairs, .cap = 1000, .topic = topic, .filter = topic, .order = order};
}

}  // namespace

bool run_pairs(Harness& harness, Report& report) { return run_pubsub(harness, report, pairs_plan(harness)); }

bool run_queued(Harness& harness, Report& report) {
  if (harness.settings().client.clean) return harness.fail("queued: sessions must outlive connections, -C 0");
  PubSubPlan plan = pairs_plan(harness);
  plan.away_every = 10;
  plan.noise = true;
  return run_pubsub(harness, report, plan);
}

bool run_fanin(Harness& harness, Report& report) {
  const std::size_t publishers = or_default(harness.settings().load.count, 100);
  const std::size_t subscribers = or_default(harness.settings().plan.subscribers, 2);
  const auto topic = [](std::size_t i) { return numbered_topic("many", i); };
  const auto filter = [](std::size_t i) -> std::string { return i % 2 == 0 ? "bench/many/+" : "bench/many/#"; };
  const auto order = [publishers](std::size_t) {
    return OrderCheck(0, static_cast<std::uint32_t>(publishers), Sequence::Contiguous);
  };
  return run_pubsub(harness, report,
                    {.publishers = publishers,
                     .subscribers = subscribers,
                     .cap = 50,
                     .topic = topic,
                     .filter = filter,
                     .fan = subscribers,
                     .order = order});
}

bool run_fanout(Harness& harness, Report& report) {
  const std::size_t subscribers = or_default(harness.settings().plan.subscribers, 1000);
  const auto topic = [](std::size_t) { return numbered_topic("fano", 0); };
  const auto order = [](std::size_t) { return OrderCheck(0, 1, Sequence::Contiguous); };
  return run_pubsub(harness, report,
                    {.publishers = 1,
                     .subscribers = subscribers,
                     .cap = 100,
                     .topic = topic,
                     .filter = topic,
                     .fan = subscribers,
                     .order = order});
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/subscriber.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kFiltersPerPacket = 100;
constexpr std::size_t kChurners = 50;  ///< sessions that change their subscriptions at one time
constexpr std::uint64_t kCap = 200;

/// The filters of one session: first, first + step, … below end.
struct Share {
  std::size_t first = 0;
  std::size_t step = 1;
  std::size_t end = 0;
  [[nodiscard]] std::size_t count() const { return first >= end ? 0 : (end - first + step - 1) / step; }
};

/// A subscriber with many filters, which can drop and take back one of them over and over.
class FilterSession : public Subscriber {
 public:
  FilterSession(Engine& engine, std::string id, Share share, std::size_t publishers, std::span<Flow> flows)
      : Subscriber(engine, std::move(id), "",
                   OrderCheck(0, static_cast<std::uint32_t>(publishers), Sequence::Increasing), flows),
        share_(share),
        random_(static_cast<std::minstd_rand::result_type>(share.first + 1)) {}

  /// Unsubscribes from one filter and subscribes to it again; the next pair follows when this one is acknowledged.
  void churn() {
    change();
    flush();
  }
  void stop_churning() { churning_ = false; }

 protected:
  void on_up() override { subscribe_more(); }

  void on_suback(const Frame& frame) override {
    if (count_refused(frame, version()) > 0) {
      fail("the server refused a subscription");
      return;
    }
    if (subscribed_ < share_.count()) {
      engine().stats().subscribed.add(asked_);
      subscribed_ += asked_;
      subscribe_more();
    } else {
      engine().stats().cycles.add();
      if (churning_) change();
    }
  }

 private:
  void subscribe_more() {
    std::vector<std::string> filters;
    for (std::size_t i = subscribed_; i < share_.count() && filters.size() < kFiltersPerPacket; ++i) {
      filters.push_back(numbered_filter(share_.first + i * share_.step));
    }
    asked_ = filters.size();
    if (filters.empty()) {
      engine().stats().ready.add();
      return;
    }
    subscribe(filters);
  }

  void change() {
    if (share_.count() == 0) return;
    churning_ = true;
    const std::string filter = numbered_filter(share_.first + random_() % share_.count() * share_.step);
    Bytes packet;
    encode_unsubscribe(version(), 2, std::span(&filter, 1), packet);
    append(packet);
    subscribe(std::span(&filter, 1));
  }

  void subscribe(std::span<const std::string> filters) {
    Bytes packet;
    encode_subscribe(version(), 1, filters, engine().settings().load.qos, packet);
    append(packet);
  }

  Share share_;
  std::size_t subscribed_ = 0;
  std::size_t asked_ = 0;
  bool churning_ = false;
  std::minstd_rand random_;
};

/// Publishes to a random one of the topics that have a filter.
class FilterPublisher : public Publisher {
 public:
  FilterPublisher(Engine& engine, std::string id, const PublishPlan& plan, Flow& flow, std::size_t filters)
      : Publisher(engine, std::move(id), plan, flow), filters_(filters), random_(plan.number + 1) {}

 protected:
  void choose_topic(std::span<std::uint8_t> topic) override { patch_filter_topic(random_() % filters_, topic); }

 private:
  std::size_t filters_;
  std::minstd_rand random_;
};

bool subscribe_all(Harness& harness, Report& report, std::size_t sessions, std::span<Flow> flows) {
  const std::size_t filters = harness.settings().plan.filters;
  const ProcessSample empty = harness.sample(true);
  const auto make = [&](Engine& engine, std::size_t i) {
    return std::make_unique<FilterSession>(engine, client_id(harness.settings(), "flt", i), Share{i, sessions, filters},
                                           flows.size(), flows);
  };
  if (!harness.connect(sessions, make)) return false;
  const ProcessSample full = harness.sample(true);
  const double seconds = static_cast<double>(full.wall_ns - empty.wall_ns) / 1e9;
  report.add("filters", filters);
  report.add("sessions", sessions);
  report.add("subscribes_per_s", static_cast<double>(filters) / seconds);
  if (!harness.has_server()) return true;
  report_cpu(report, "subscribe", empty, full, filters);
  report.add("server_rss_empty_bytes", empty.rss_bytes);
  report.add("server_rss_full_bytes", full.rss_bytes);
  report.add(
      "server_rss_bytes_per_subscription",
      (static_cast<double>(full.rss_bytes) - static_cast<double>(empty.rss_bytes)) / static_cast<double>(filters));
  return true;
}

bool churn(Harness& harness, Report& report) {
  const double wanted = harness.settings().plan.churn_s;
  if (wanted <= 0) return true;
  harness.on_each([&](Engine& engine) {
    std::size_t started = 0;
    for (auto& client : engine.clients()) {
      auto* session = dynamic_cast<FilterSession*>(client.get());
      if (session != nullptr && started++ < kChurners / harness.engines()) session->churn();
    }
  });
  const ProcessSample from = harness.sample(false);
  const std::uint64_t before = harness.totals().cycles;
  const bool whole = harness.sleep(wanted);
  const ProcessSample to = harness.sample(false);
  const std::uint64_t pairs = harness.totals().cycles - before;
  harness.on_each([](Engine& engine) {
    for (auto& client : engine.clients()) {
      if (auto* session = dynamic_cast<FilterSession*>(client.get())) session->stop_churning();
    }
  });
  report.add("resubscribes_per_s", static_cast<double>(pairs) * 1e9 / static_cast<double>(to.wall_ns - from.wall_ns));
  if (harness.has_server()) report_cpu(report, "resubscribe", from, to, pairs);
  return whole;
}

}  // namespace

bool run_filters(Harness& harness, Report& report) {
  const Settings& settings = harness.settings();
  const std::size_t publishers = or_default(settings.load.count, 1);
  std::vector<Flow> flows(publishers);
  const auto publisher = [&](Engine& engine, std::size_t i) {
    PublishPlan what{.topic = filter_topic(0),
                     .number = static_cast<std::uint32_t>(i),
                     .cap = or_default(settings.load.inflight_cap, kCap),
                     .limit = (settings.load.messages + publishers - 1 - i) / publishers};
    return std::make_unique<FilterPublisher>(engine, client_id(settings, "pub", i), std::move(what), flows[i],
                                             settings.plan.filters);
  };
  const std::size_t sessions = or_default(settings.plan.subscribers, 50);
  Traffic traffic(harness, report);
  const bool good = subscribe_all(harness, report, sessions, flows) && harness.connect(publishers, publisher) &&
                    traffic.run() && churn(harness, report);
  if (good) harness.disconnect();
  harness.stop();
  if (good) traffic.report_quality();
  return good;
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "bench/sluice_bench/coap/observation.h"
#include "bench/sluice_bench/coap/peer_order.h"
#include "bench/sluice_bench/coap/request_loop.h"
#include "bench/sluice_bench/drivers.h"
#include "bench/sluice_bench/scenarios/coap_report.h"
#include "bench/sluice_bench/scenarios/coap_source.h"
#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/stamp.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {
namespace {

using coap::Exchanges;
using coap::Message;
using coap::Peer;

constexpr std::size_t kDefaultObservers = 1000;
constexpr std::size_t kPublishers = 16;  ///< peers behind the observers; each has message ids for 65,535 PUTs
constexpr Nanos kQuiet = 2 * kSecond;    ///< so long without a notification: what is missing then is lost

void add_qos(coap::MessageWriter& message, const Settings& settings) {
  if (settings.load.qos == 0) return;
  message.option(coap::options::kUriQuery, "qos=" + std::to_string(settings.load.qos));
}

/// Each observer is the peer of the same number.
struct Observers {
  explicit Observers(const Settings& settings)
      : one_topic(settings.coap.one_topic), all(or_default(settings.load.count, kDefaultObservers)) {}

  [[nodiscard]] std::size_t topic_of(Peer observer) const { return one_topic ? 0 : observer; }
  [[nodiscard]] std::size_t topics() const { return one_topic ? 1 : all.size(); }
  /// Notifications that one message makes.
  [[nodiscard]] std::uint64_t fan() const { return one_topic ? all.size() : 1; }

  bool one_topic;
  std::vector<coap::Observation> all;
};

/// The GET of each observer that registers it.
class Registrations : public CheckedSource {
 public:
  Registrations(const Settings& settings, Observers& observers) : settings_(settings), observers_(observers) {}

  std::optional<Peer> next(Nanos) override {
    return next_ < observers_.all.size() ? std::optional(next_++) : std::nullopt;
  }

  void write(Exchanges::Exchange& exchange) override {
    coap::MessageWriter message(exchange.bytes, coap::Type::Confirmable, coap::codes::kGet, exchange.id,
                                exchange.token);
    message.option(coap::options::kObserve, "");
    message.path("mqtt/" + numbered_topic("obsv", observers_.topic_of(exchange.peer)));
    message.option(coap::options::kUriQuery, "c=" + client_id(settings_, "observer", exchange.peer));
    add_qos(message, settings_);
  }

 protected:
  bool good(const Exchanges::Exchange& exchange, const Message& answer) override {
    return observers_.all[exchange.peer].begin(exchange.token, answer);
  }

 private:
  const Settings& settings_;
  Observers& observers_;
  Peer next_ = 0;
};

/// PUTs to all topics in turn and the notifications that they make; a bounded number of these is on its way.
class Publishes : public CheckedSource {
 public:
  Publishes(const Settings& settings, Observers& observers)
      : settings_(settings),
        observers_(observers),
        order_(observers.topics()),
        sequences_(observers.topics()),
        cap_(std::max<std::uint64_t>(settings.load.window, observers.fan())) {
    if (settings.load.rate > 0) pace_.emplace(settings.load.rate);
  }

  std::optional<Peer> next(Nanos now) override {
    if (expected_ - tally_.notified + observers_.fan() > cap_) return std::nullopt;
    if (pace_ && !pace_->take(now)) return std::nullopt;
    topic_ = order_.next();
    return static_cast<Peer>(observers_.all.size() + topic_ % kPublishers);
  }
  [[nodiscard]] Nanos wake() const override { return pace_ ? pace_->next() : kNever; }

  void write(Exchanges::Exchange& exchange) override {
    expected_ += observers_.fan();
    coap::MessageWriter message(exchange.bytes, coap::Type::Confirmable, coap::codes::kPut, exchange.id,
                                exchange.token);
    message.path("mqtt/" + numbered_topic("obsv", topic_));
    message.option(coap::options::kUriQuery, "c=" + client_id(settings_, "publisher", topic_ % kPublishers));
    add_qos(message, settings_);
    const std::span<std::uint8_t> payload = message.payload(std::max(settings_.load.size, kStampSize));
    write_stamp({.magic = kStampMagic,
                 .publisher = static_cast<std::uint32_t>(topic_),
                 .sequence = sequences_[topic_]++,
                 .sent = now_ns()},
                payload.data());
  }

  bool received(Peer peer, const Message& message, Nanos now) override {
    if (peer >= observers_.all.size()) return false;
    Stamp stamp;
    if (!read_stamp(message.payload, stamp) || stamp.publisher != observers_.topic_of(peer)) return false;
    if (!observers_.all[peer].take(message, stamp.sequence, tally_)) return false;
    if (measuring) notification_latency.record(now - stamp.sent);
    last_ = now;
    return true;
  }

  [[nodiscard]] const coap::ObservationTally& tally() const { return tally_; }
  [[nodiscard]] std::uint64_t expected() const { return expected_; }
  /// Nothing has come for so long that nothing will.
  [[nodiscard]] bool stalled(Nanos since) const {
    return expected_ > tally_.notified && now_ns() - std::max(last_, since) > kQuiet;
  }

  Histogram notification_latency;

 protected:
  bool good(const Exchanges::Exchange&, const Message& answer) override { return answer.code == coap::codes::kChanged; }

 private:
  const Settings& settings_;
  Observers& observers_;
  coap::PeerOrder order_;
  std::vector<std::uint32_t> sequences_;  ///< of the next message of each topic
  std::uint64_t cap_;
  std::optional<Pace> pace_;
  std::size_t topic_ = 0;  ///< of the next message
  std::uint64_t expected_ = 0;
  coap::ObservationTally tally_;
  Nanos last_ = 0;
};

class ObserveRun {
 public:
  ObserveRun(Harness& harness, Report& report)
      : harness_(harness),
        report_(report),
        settings_(harness.settings()),
        observers_(settings_),
        socket_(coap::resolve_server(settings_.client.host, coap_port(settings_, kCoapPort))),
        ids_(observers_.all.size() + kPublishers, static_cast<std::uint16_t>(std::random_device{}())),
        publishes_(settings_, observers_) {}

  bool run() {
    if (ids_.peers() > coap::kMostPeers) return harness_.fail("there are not that many addresses on the loopback");
    report_.add("observers", std::uint64_t{observers_.all.size()});
    return observe() && (settings_.load.duration_s <= 0 || publish());
  }

 private:
  bool observe() {
    const std::uint64_t wanted = observers_.all.size();
    Registrations registrations(settings_, observers_);
    coap::RequestLoop loop(socket_, ids_, std::min(settings_.load.connect_window, observers_.all.size()));
    const ProcessSample empty = harness_.sample(true);
    loop.run(registrations, deadline(),
             [&] { return registrations.answered_count() + loop.exchanges().tally().lost >= wanted; });
    if (!check_answers(harness_, socket_, loop, registrations)) return false;
    if (registrations.answered_count() < wanted) return harness_.fail("not every observer was answered in time");
    const ProcessSample full = harness_.sample(false);
    report_.add("registrations_per_s", static_cast<double>(wanted) / seconds_between(empty, full));
    if (!harness_.has_server()) return true;
    report_cpu(report_, "registration", empty, full, wanted);
    if (!harness_.sleep(settings_.plan.settle_s)) return false;
    report_growth(report_, "observer", empty, harness_.sample(true), wanted);
    return true;
  }

  bool publish() {
    coap::RequestLoop loop(socket_, ids_, settings_.load.window);
    const Nanos began = now_ns();
    const auto over = [&] { return loop.out_of_ids() || publishes_.stalled(began); };
    loop.run(publishes_, began + as_nanos(settings_.load.warmup_s), over);
    const CoapMoment from = moment();
    publishes_.measuring = true;
    loop.run(publishes_, now_ns() + as_nanos(settings_.load.duration_s), over);
    const CoapMoment to = moment();
    publishes_.measuring = false;
    drain(loop);
    report_costs(harness_, report_, "notification", from, to);
    report_quality(loop);
    if (!check_answers(harness_, socket_, loop, publishes_)) return false;
    return publishes_.tally().notified >= publishes_.expected() || harness_.fail("notifications are missing");
  }

  void drain(coap::RequestLoop& loop) {
    loop.drain(publishes_, deadline());
    const Nanos since = now_ns();
    loop.wait(publishes_, deadline(),
              [&] { return publishes_.tally().notified >= publishes_.expected() || publishes_.stalled(since); });
  }

  void report_quality(const coap::RequestLoop& loop) {
    const coap::ObservationTally& tally = publishes_.tally();
    const coap::ExchangeTally& puts = loop.exchanges().tally();
    report_latency(report_, publishes_.notification_latency);
    report_.add("sent", puts.sent);
    report_.add("retransmitted", puts.retransmitted);
    report_.add("notifications_retransmitted", tally.retransmitted);
    report_.add("delivered", tally.notified);
    report_.add("confirmable", tally.confirmable);
    report_.add("lost", puts.lost + publishes_.expected() - std::min(publishes_.expected(), tally.notified));
    report_.add("out_of_order", tally.out_of_order);
    report_.add("duplicates", tally.duplicates + puts.duplicates);
    report_.add("unexpected", loop.unexpected());
  }

  [[nodiscard]] CoapMoment moment() const { return coap_moment(harness_, publishes_.tally().notified); }
  [[nodiscard]] Nanos deadline() const { return now_ns() + as_nanos(harness_.timeout()); }

  Harness& harness_;
  Report& report_;
  const Settings& settings_;
  Observers observers_;
  coap::PeerSocket socket_;
  coap::MessageIds ids_;
  Publishes publishes_;
};

}  // namespace

bool run_coap_observe(Harness& harness, Report& report) { return ObserveRun(harness, report).run(); }

}  // namespace sluice::bench

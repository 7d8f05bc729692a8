// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <string>

#include "bench/sluice_bench/coap/peer_order.h"
#include "bench/sluice_bench/coap/request_loop.h"
#include "bench/sluice_bench/drivers.h"
#include "bench/sluice_bench/histogram.h"
#include "bench/sluice_bench/scenarios/coap_report.h"
#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {
namespace {

using coap::Exchanges;
using coap::Message;
using coap::Peer;

constexpr std::size_t kDefaultPeers = 1000;
constexpr std::size_t kWarmupShare = 4;  ///< warming up takes a quarter of all message ids at most

/// PUTs of all peers: each to its topic under its client id, or all to a path that the command line gives.
class Puts : public coap::RequestSource {
 public:
  explicit Puts(const Settings& settings) : settings_(settings) {}

  void write(Exchanges::Exchange& exchange) override {
    coap::MessageWriter message(exchange.bytes, coap::Type::Confirmable, coap::codes::kPut, exchange.id,
                                exchange.token);
    if (settings_.coap.path.empty()) {
      message.path("mqtt/" + numbered_topic("coap", exchange.peer));
      message.option(coap::options::kUriQuery, "c=" + client_id(settings_, "put", exchange.peer));
      if (settings_.load.qos > 0) {
        message.option(coap::options::kUriQuery, "qos=" + std::to_string(settings_.load.qos));
      }
    } else {
      message.path(expand_topic(settings_.coap.path, "", "", exchange.peer));
    }
    message.payload(settings_.load.size);
  }

  void answered(const Exchanges::Exchange& exchange, const Message& answer, Nanos now) override {
    ++answered_;
    if (measuring) latency.record(now - exchange.sent);
    // A server that is no broker says of the first PUT that it created something.
    const bool created = !settings_.coap.path.empty() && answer.code == coap::codes::kCreated;
    if (answer.code != coap::codes::kChanged && !created) {
      ++refused_;
      last_refusal_ = answer.code;
    }
  }

  [[nodiscard]] std::uint64_t answered_count() const { return answered_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint8_t last_refusal() const { return last_refusal_; }

  bool measuring = false;
  Histogram latency;

 protected:
  const Settings& settings_;

 private:
  std::uint64_t answered_ = 0;
  std::uint64_t refused_ = 0;
  std::uint8_t last_refusal_ = 0;
};

/// One PUT of each peer, so that the server knows it.
class FirstPuts : public Puts {
 public:
  FirstPuts(const Settings& settings, std::size_t peers) : Puts(settings), peers_(peers) {}

  std::optional<Peer> next(Nanos) override { return next_ < peers_ ? std::optional(next_++) : std::nullopt; }

 private:
  std::size_t peers_;
  Peer next_ = 0;
};

/// PUTs of all peers in turn, as many as the window or the rate allows.
class MorePuts : public Puts {
 public:
  MorePuts(const Settings& settings, std::size_t peers) : Puts(settings), order_(peers) {
    if (settings.load.rate > 0) pace_.emplace(settings.load.rate);
  }

  std::optional<Peer> next(Nanos now) override {
    if (pace_ && !pace_->take(now)) return std::nullopt;
    return order_.next();
  }
  [[nodiscard]] Nanos wake() const override { return pace_ ? pace_->next() : kNever; }

 private:
  coap::PeerOrder order_;
  std::optional<Pace> pace_;
};

class PutRun {
 public:
  PutRun(Harness& harness, Report& report)
      : harness_(harness),
        report_(report),
        settings_(harness.settings()),
        peers_(or_default(settings_.load.count, kDefaultPeers)),
        socket_(coap::resolve_server(settings_.client.host, coap_port(settings_, kCoapPort))),
        ids_(peers_, static_cast<std::uint16_t>(std::random_device{}())),
        more_(settings_, peers_) {}

  bool run() {
    if (peers_ > coap::kMostPeers) return harness_.fail("there are not that many addresses on the loopback");
    report_.add("peers", std::uint64_t{peers_});
    return introduce() && measure();
  }

 private:
  /// Makes all peers known, and says what that costs the server.
  bool introduce() {
    FirstPuts first(settings_, peers_);
    coap::RequestLoop loop(socket_, ids_, std::min(settings_.load.connect_window, peers_));
    const ProcessSample empty = harness_.sample(true);
    loop.run(first, deadline(), [&] { return first.answered_count() + loop.exchanges().tally().lost >= peers_; });
    if (!check(loop, first)) return false;
    if (first.answered_count() < peers_) return harness_.fail("not every peer was answered in time");
    const ProcessSample full = harness_.sample(false);
    report_.add("new_peers_per_s", static_cast<double>(peers_) / seconds_between(empty, full));
    if (!harness_.has_server()) return true;
    report_cpu(report_, "new_peer", empty, full, peers_);
    if (!harness_.sleep(settings_.plan.settle_s)) return false;
    report_growth(report_, "peer", empty, harness_.sample(true), peers_);
    return true;
  }

  bool measure() {
    coap::RequestLoop loop(socket_, ids_, settings_.load.window);
    const std::uint64_t spare = peers_ * (coap::MessageIds::kPerPeer / kWarmupShare);
    const auto warm = [&] { return more_.answered_count() >= spare; };
    loop.run(more_, now_ns() + as_nanos(settings_.load.warmup_s), warm);
    const Moment from = moment();
    more_.measuring = true;
    const std::uint64_t wanted = settings_.load.messages;
    const auto enough = [&] {
      return loop.out_of_ids() || (wanted > 0 && more_.answered_count() - from.puts >= wanted);
    };
    loop.run(more_, wanted > 0 ? deadline() : now_ns() + as_nanos(settings_.load.duration_s), enough);
    const Moment to = moment();
    more_.measuring = false;
    loop.drain(more_, deadline());
    report_costs(from, to);
    report_exchanges(report_, loop, more_.latency);
    return check(loop, more_);
  }

  struct Moment {
    ProcessSample server;
    std::uint64_t puts = 0;
    double own_cpu_s = 0;
  };

  Moment moment() {
    return {.server = harness_.sample(false), .puts = more_.answered_count(), .own_cpu_s = own_cpu_s()};
  }

  void report_costs(const Moment& from, const Moment& to) {
    const double seconds = seconds_between(from.server, to.server);
    const std::uint64_t puts = to.puts - from.puts;
    report_.add("seconds", seconds);
    report_.add("puts", puts);
    report_.add("puts_per_s", static_cast<double>(puts) / seconds);
    if (harness_.has_server()) {
      report_cpu(report_, "put", from.server, to.server, puts);
      report_.add("server_cpu_percent", (to.server.cpu_s - from.server.cpu_s) / seconds * 100);
    }
    report_.add("client_cpu_us_per_put",
                (to.own_cpu_s - from.own_cpu_s) * 1e6 / static_cast<double>(std::max<std::uint64_t>(puts, 1)));
  }

  bool check(const coap::RequestLoop& loop, const Puts& puts) {
    if (interrupted()) return harness_.fail("interrupted");
    if (!socket_.error().empty()) return harness_.fail(socket_.error());
    if (puts.refused() > 0) {
      return harness_.fail(std::to_string(puts.refused()) + " answers were not 2.04 but " +
                           coap::code_text(puts.last_refusal()));
    }
    const std::uint64_t lost = loop.exchanges().tally().lost;
    return lost == 0 || harness_.fail(std::to_string(lost) + " requests were not answered");
  }

  [[nodiscard]] Nanos deadline() const { return now_ns() + as_nanos(harness_.timeout()); }

  Harness& harness_;
  Report& report_;
  const Settings& settings_;
  std::size_t peers_;
  coap::PeerSocket socket_;
  coap::MessageIds ids_;
  MorePuts more_;
};

}  // namespace

bool run_coap_put(Harness& harness, Report& report) { return PutRun(harness, report).run(); }

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <string>

#include "bench/sluice_bench/coap/peer_order.h"
#include "bench/sluice_bench/coap/request_loop.h"
#include "bench/sluice_bench/drivers.h"
#include "bench/sluice_bench/scenarios/coap_report.h"
#include "bench/sluice_bench/scenarios/coap_source.h"
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
class Puts : public CheckedSource {
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

 protected:
  // A server that is no broker says of the first PUT that it created something.
  [[nodiscard]] bool good(const Exchanges::Exchange&, const Message& answer) override {
    const bool created = !settings_.coap.path.empty() && answer.code == coap::codes::kCreated;
    return answer.code == coap::codes::kChanged || created;
  }

  const Settings& settings_;
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
    if (!check_answers(harness_, socket_, loop, first)) return false;
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
    const CoapMoment from = moment();
    more_.measuring = true;
    const std::uint64_t wanted = settings_.load.messages;
    const auto enough = [&] {
      return loop.out_of_ids() || (wanted > 0 && more_.answered_count() - from.units >= wanted);
    };
    loop.run(more_, wanted > 0 ? deadline() : now_ns() + as_nanos(settings_.load.duration_s), enough);
    const CoapMoment to = moment();
    more_.measuring = false;
    loop.drain(more_, deadline());
    report_costs(harness_, report_, "put", from, to);
    report_latency(report_, more_.latency);
    report_losses(loop);
    return check_answers(harness_, socket_, loop, more_);
  }

  void report_losses(const coap::RequestLoop& loop) {
    const coap::ExchangeTally& tally = loop.exchanges().tally();
    report_.add("sent", tally.sent);
    report_.add("retransmitted", tally.retransmitted);
    report_.add("lost", tally.lost);
    report_.add("duplicates", tally.duplicates);
    report_.add("unexpected", loop.unexpected());
  }

  [[nodiscard]] CoapMoment moment() const { return coap_moment(harness_, more_.answered_count()); }
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

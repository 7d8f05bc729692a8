// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>
#include <string>
#include <unordered_map>

#include "bench/sluice_bench/coap/dtls_client.h"
#include "bench/sluice_bench/coap/exchanges.h"
#include "bench/sluice_bench/coap/message.h"
#include "bench/sluice_bench/histogram.h"
#include "bench/sluice_bench/scenarios/coap_report.h"
#include "bench/sluice_bench/scenarios/pubsub.h"
#include "bench/sluice_bench/scenarios/scenario.h"
#include "bench/sluice_bench/topics.h"
#include "bench/sluice_bench/traffic.h"

namespace sluice::bench {
namespace {

using coap::DtlsClient;
using coap::Peer;

constexpr std::size_t kDefaultPeers = 1000;
constexpr Nanos kTick = 100 * kMillisecond;  ///< between two looks for what is to be sent again
constexpr std::uint16_t kPingId = 1;

/// Handshakes of all peers one after the other, a bounded number at a time. Over its new association each peer sends a
/// ping, so that the server knows that the peer has it, too. A peer that has the answer forgets its end, so that only
/// the server's costs memory.
class Handshakes {
 public:
  explicit Handshakes(const Settings& settings)
      : settings_(settings),
        peers_(or_default(settings.load.count, kDefaultPeers)),
        context_(coap::make_dtls_context(settings.client.tls, settings.coap)),
        socket_(coap::resolve_server(settings.client.host, coap_port(settings, kCoapsPort))) {
    coap::encode_empty(coap::Type::Confirmable, kPingId, ping_);
  }

  /// false: `until` was reached before all were done, or error() says why.
  bool run(Nanos until) {
    while (done_ < peers_) {
      if (interrupted() || now_ns() > until || !error().empty()) return false;
      start_some();
      socket_.flush();
      socket_.wait(now_ns() + kTick / 2);
      for (const coap::Datagram& datagram : socket_.receive()) take(datagram);
      send_again();
    }
    socket_.flush();
    return true;
  }

  [[nodiscard]] std::size_t peers() const { return peers_; }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] const std::string& error() const { return error_.empty() ? socket_.error() : error_; }
  [[nodiscard]] const Histogram& latency() const { return latency_; }

 private:
  struct Handshake {
    std::unique_ptr<DtlsClient> client;
    Nanos began = 0;
    Nanos pinged = 0;  ///< the last time; 0: the handshake is not done
  };

  void start_some() {
    while (under_way_.size() < settings_.load.connect_window && next_ < peers_) {
      const Peer peer = next_++;
      auto client = std::make_unique<DtlsClient>(context_.get(), socket_, peer,
                                                 expand_topic(settings_.coap.psk_identity, "", "", peer));
      DtlsClient& started = *client;
      under_way_[peer] = {.client = std::move(client), .began = now_ns()};
      judge(under_way_[peer], started.start());
    }
  }

  void take(const coap::Datagram& datagram) {
    const auto found = under_way_.find(datagram.peer);
    if (found == under_way_.end()) return;
    Handshake& handshake = found->second;
    if (handshake.pinged == 0) return judge(handshake, handshake.client->on_datagram(datagram.bytes));
    std::array<std::uint8_t, coap::PeerSocket::kMaxDatagram> heard{};
    coap::Message answer;
    if (!coap::decode(handshake.client->hear(datagram.bytes, heard), answer)) return;
    if (answer.type != coap::Type::Reset || answer.id != kPingId) return;
    ++done_;
    under_way_.erase(found);
  }

  void judge(Handshake& handshake, DtlsClient::Status status) {
    if (status == DtlsClient::Status::Failed) error_ = handshake.client->error();
    if (status != DtlsClient::Status::Done) return;
    latency_.record(now_ns() - handshake.began);
    ping(handshake);
  }

  void ping(Handshake& handshake) {
    handshake.pinged = now_ns();
    handshake.client->say(ping_);
  }

  void send_again() {
    const Nanos now = now_ns();
    if (now < tick_) return;
    tick_ = now + kTick;
    for (auto& [peer, handshake] : under_way_) {
      if (handshake.pinged == 0) {
        judge(handshake, handshake.client->on_time());
      } else if (now - handshake.pinged >= coap::Exchanges::kAckTimeout) {
        ping(handshake);
      }
    }
  }

  const Settings& settings_;
  std::size_t peers_;
  TlsContext context_;
  coap::PeerSocket socket_;
  std::unordered_map<Peer, Handshake> under_way_;
  Bytes ping_;
  Peer next_ = 0;
  std::size_t done_ = 0;
  Nanos tick_ = 0;
  Histogram latency_;
  std::string error_;
};

}  // namespace

bool run_coaps_connect(Harness& harness, Report& report) {
  Handshakes handshakes(harness.settings());
  if (handshakes.peers() > coap::kMostPeers) return harness.fail("there are not that many addresses on the loopback");
  report.add("associations", std::uint64_t{handshakes.peers()});
  const ProcessSample empty = harness.sample(true);
  const CoapMoment from = coap_moment(harness, 0);
  const bool whole = handshakes.run(now_ns() + as_nanos(harness.timeout()));
  const CoapMoment to = coap_moment(harness, handshakes.done());
  report_costs(harness, report, "handshake", from, to);
  report_latency(report, handshakes.latency());
  if (!whole) {
    return harness.fail(std::to_string(handshakes.done()) + " handshakes were done" +
                        (handshakes.error().empty() ? "" : "; " + handshakes.error()));
  }
  if (!harness.has_server()) return true;
  if (!harness.sleep(harness.settings().plan.settle_s)) return false;
  report_growth(report, "association", empty, harness.sample(true), handshakes.peers());
  return true;
}

}  // namespace sluice::bench

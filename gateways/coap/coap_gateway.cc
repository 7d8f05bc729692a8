// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/coap_gateway.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "gateways/coap/coap_probe.h"
#include "gateways/coap/datagram_listener.h"
#include "gateways/coap/gateway_shard.h"
#include "gateways/coap/stream_host.h"
#include "shared/net/socket_transport.h"

namespace sluice::coap {

class CoapGateway::StreamListener {
 public:
  explicit StreamListener(std::vector<StreamHost*> of_shards) : hosts(std::move(of_shards)) {}

  std::vector<StreamHost*> hosts;  ///< one per shard; the gateway's shards own them
  std::unique_ptr<Listener> listener;
};

namespace {

std::unique_ptr<GatewayCommons> make_commons(ShardGroup& shards, BrokerApi& broker, const CoapSettings& settings) {
  std::unique_ptr<GatewayStore> store = broker.gateway_store("coap");
  GatewayStore* const kept = store.get();
  return std::unique_ptr<GatewayCommons>(
      new GatewayCommons{broker, shards, settings, std::move(store), CreatedTopics(settings.max_created, kept), {}});
}

}  // namespace

CoapGateway::CoapGateway(ShardGroup& shards, BrokerApi& broker, GatewaySetup setup)
    : shards_(shards), setup_(std::move(setup)), commons_(make_commons(shards, broker, setup_.settings)) {
  probe();
  for (std::size_t i = 0; i < shards.size(); ++i) {
    commons_->parts.push_back(std::make_unique<GatewayShard>(*commons_, shards.at(i)));
  }
}

CoapGateway::~CoapGateway() = default;

std::vector<std::string> CoapGateway::check(const CoapListenerSettings& settings) {
  std::vector<std::string> problems;
  const auto note = [&](std::string problem) {
    if (!problem.empty()) problems.push_back(std::move(problem));
  };
  for (const DatagramListenerSettings& one : settings.datagrams) {
    note(UdpListener::check(one.udp));
    if (!one.dtls) continue;
    if (const auto context = DtlsContext::create(one.udp.key, *one.dtls); !context) note(context.error());
  }
  for (const StreamListenerSettings& one : settings.streams) note(Listener::check(one.socket));
  return problems;
}

std::string CoapGateway::open(const CoapListenerSettings& settings) {
  const auto traits_of = [&](const std::string& name) {
    auto traits = std::make_shared<ListenerTraits>();
    traits->name = name;
    traits->mountpoint = settings.mountpoint;
    return traits;
  };
  for (const DatagramListenerSettings& one : settings.datagrams) {
    auto opened = DatagramListener::open(shards_, one);
    if (!opened) return opened.error();
    (*opened)->attach(*commons_, traits_of(one.udp.name), setup_.parameters, setup_.server);
    datagrams_.push_back(std::move(*opened));
  }
  for (const StreamListenerSettings& one : settings.streams) {
    if (std::string problem = open_streams(one, traits_of(one.socket.name)); !problem.empty()) return problem;
  }
  return {};
}

std::string CoapGateway::open_streams(const StreamListenerSettings& settings,
                                      const std::shared_ptr<const ListenerTraits>& traits) {
  std::vector<StreamHost*> hosts;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    GatewayShard& part = *commons_->parts[i];
    auto host = std::make_unique<StreamHost>(part, part.next_endpoint(), traits, settings.compat, shards_.at(i),
                                             setup_.streams, setup_.parameters, setup_.server);
    hosts.push_back(host.get());
    part.add(std::move(host));
  }
  auto stream = std::make_unique<StreamListener>(hosts);
  auto listener = Listener::open(shards_, settings.socket, [hosts](Shard& shard, AcceptedSocket socket) {
    static_cast<void>(hosts[shard.index()]->endpoint().accept(make_socket_transport(shard, std::move(socket))));
  });
  if (!listener) return listener.error();
  stream->listener = std::move(*listener);
  streams_.push_back(std::move(stream));
  return {};
}

void CoapGateway::start() {
  serving_ = true;
  shards_.at(0).post([this] { commons_->created.load(); });
  for (const auto& listener : datagrams_) listener->start();
  for (const auto& stream : streams_) stream->listener->start();
}

std::vector<std::string> CoapGateway::reconfigure(const CoapListenerSettings& settings) {
  std::vector<std::string> problems;
  const auto note = [&](std::string problem) {
    if (!problem.empty()) problems.push_back(std::move(problem));
  };
  for (const auto& listener : datagrams_) {
    const auto mine = std::ranges::find_if(
        settings.datagrams, [&](const DatagramListenerSettings& one) { return one.udp.name == listener->name(); });
    if (mine != settings.datagrams.end()) note(listener->reconfigure(*mine));
  }
  for (const auto& stream : streams_) {
    const auto mine = std::ranges::find_if(settings.streams, [&](const StreamListenerSettings& one) {
      return one.socket.name == stream->listener->settings().name;
    });
    if (mine != settings.streams.end()) note(stream->listener->reconfigure(mine->socket));
  }
  return problems;
}

void CoapGateway::stop(std::chrono::milliseconds limit) {
  if (!std::exchange(serving_, false)) return;
  for (const auto& stream : streams_) stream->listener->stop();
  end_streams(limit);
  for (const auto& listener : datagrams_) listener->stop();
  shards_.run_on_all([this](Shard& shard) { commons_->parts[shard.index()]->stop(); });
}

/// Says goodbye to streams, and waits for the peers to have heard it.
void CoapGateway::end_streams(std::chrono::milliseconds limit) {
  if (streams_.empty()) return;
  const auto each = [this](Shard& shard, auto&& what) {
    for (const auto& stream : streams_) what(stream->hosts[shard.index()]->endpoint());
  };
  shards_.run_on_all([&](Shard& shard) { each(shard, [](StreamEndpoint& endpoint) { endpoint.shutdown(); }); });
  const auto deadline = Clock::now() + limit;
  for (std::atomic<std::size_t> open = 1; open > 0 && Clock::now() < deadline;) {
    open = 0;
    shards_.run_on_all(
        [&](Shard& shard) { each(shard, [&](StreamEndpoint& endpoint) { open += endpoint.connections(); }); });
    if (open > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::vector<CoapGateway::Bound> CoapGateway::bound() const {
  std::vector<Bound> all;
  all.reserve(datagrams_.size() + streams_.size());
  for (const auto& listener : datagrams_) all.push_back({listener->name(), listener->bound(), nullptr});
  for (const auto& stream : streams_) {
    all.push_back({stream->listener->settings().name, stream->listener->bound(), stream->listener.get()});
  }
  return all;
}

}  // namespace sluice::coap

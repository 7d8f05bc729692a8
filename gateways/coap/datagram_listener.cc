// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/datagram_listener.h"

#include <utility>

namespace sluice::coap {

Explained<std::unique_ptr<DatagramListener>> DatagramListener::open(ShardGroup& shards,
                                                                    const DatagramListenerSettings& settings) {
  std::shared_ptr<const DtlsContext> context;
  if (settings.dtls) {
    auto made = DtlsContext::create(settings.udp.key, *settings.dtls);
    if (!made) return made.error();
    context = std::move(*made);
  }
  auto udp = UdpListener::open(shards, settings.udp);
  if (!udp) return udp.error();
  return std::unique_ptr<DatagramListener>(
      new DatagramListener(shards, std::move(*udp), std::move(context), settings.compat));
}

void DatagramListener::attach(GatewayCommons& commons, const std::shared_ptr<const ListenerTraits>& traits,
                              const Parameters& parameters, const ServerSettings& settings) {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_.at(i);
    GatewayShard& part = *commons.parts[i];
    if (context_ != nullptr) dtls_.push_back(std::make_unique<DtlsPort>(shard, context_));
    DatagramPort& port = context_ != nullptr ? static_cast<DatagramPort&>(*dtls_.back()) : udp_->on(shard);
    auto host =
        std::make_unique<DatagramHost>(part, part.next_endpoint(), traits, compat_, shard, port, parameters, settings);
    hosts_.push_back(host.get());
    part.add(std::move(host));
  }
}

DatagramEvents& DatagramListener::begin(Shard& shard) {
  DatagramEvents& above = hosts_[shard.index()]->events();
  if (context_ == nullptr) return above;
  DtlsPort& dtls = *dtls_[shard.index()];
  dtls.start(udp_->on(shard), above);
  return dtls;
}

void DatagramListener::start() {
  udp_->start([this](Shard& shard) -> DatagramEvents& { return begin(shard); });
}

void DatagramListener::stop() {
  if (context_ != nullptr) {
    shards_.run_on_all([this](Shard& shard) { dtls_[shard.index()]->shutdown(); });
  }
  udp_->stop();
}

std::string DatagramListener::reconfigure(const DatagramListenerSettings& settings) {
  if (settings.dtls && context_ != nullptr) {
    auto made = DtlsContext::create(settings.udp.key, *settings.dtls);
    if (!made) return made.error();
    context_ = std::move(*made);
    shards_.run_on_all([this](Shard& shard) { dtls_[shard.index()]->use(context_); });
  }
  udp_->reconfigure(settings.udp);
  return {};
}

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/udp_listener.h"

#include <utility>

#include "shared/net/udp/udp_bind.h"

namespace sluice {

std::string UdpListener::check(const UdpSettings& settings) { return check_udp(settings); }

Explained<std::unique_ptr<UdpListener>> UdpListener::open(ShardGroup& shards, UdpSettings settings) {
  auto bound = bind_udp(settings, shards.size());
  if (!bound) return bound.error();
  std::unique_ptr<UdpListener> listener(new UdpListener(shards, std::move(settings)));
  for (std::size_t i = 0; i < shards.size(); ++i) {
    listener->sockets_.push_back(
        std::make_unique<UdpSocket>(shards.at(i), std::move((*bound)[i]), listener->settings_));
  }
  return listener;
}

UdpListener::UdpListener(ShardGroup& shards, UdpSettings settings)
    : shards_(shards), settings_(std::make_shared<const UdpSettings>(std::move(settings))) {}

UdpListener::~UdpListener() = default;

void UdpListener::start(EventsOf events_of) {
  started_ = true;
  const auto shared = std::make_shared<const EventsOf>(std::move(events_of));
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    shards_.at(i).post(
        [socket = sockets_[i].get(), shard = &shards_.at(i), shared] { socket->start((*shared)(*shard)); });
  }
}

void UdpListener::stop() {
  if (!std::exchange(started_, false)) {
    for (const auto& socket : sockets_) socket->stop();
    return;
  }
  shards_.run_on_all([this](Shard& shard) { on(shard).stop(); });
  // The turn in which a socket closed may still have its end before it, where the socket is known.
  shards_.run_on_all([](Shard&) {});
}

void UdpListener::reconfigure(const UdpSettings& settings) {
  UdpSettings next = *settings_;
  next.access = settings.access;
  next.max_datagram = settings.max_datagram;
  next.batches_per_turn = settings.batches_per_turn;
  next.max_queued = settings.max_queued;
  settings_ = std::make_shared<const UdpSettings>(std::move(next));
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (started_) {
      shards_.at(i).post([socket = sockets_[i].get(), shared = settings_] { socket->use(shared); });
    } else {
      sockets_[i]->use(settings_);
    }
  }
}

std::uint64_t UdpListener::count(UdpCount what) const {
  std::uint64_t sum = 0;
  for (const auto& socket : sockets_) sum += socket->probe().value(what);
  return sum;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/connection/front_end.h"

#include <utility>

#include "broker/mqtt/connection/connection.h"

namespace sluice::mqtt {

ShardFrontEnd::ShardFrontEnd(Shard& own, std::shared_ptr<const MqttSettings> initial)
    : shard(own), settings(std::move(initial)) {}

ShardFrontEnd::~ShardFrontEnd() {
  while (first != nullptr) delete first;  // the shards have stopped: nobody else will
}

FrontEnd::FrontEnd(ShardGroup& shards, BrokerApi& broker, const MqttSettings& settings)
    : group_(shards), broker_(broker) {
  const auto initial = std::make_shared<const MqttSettings>(settings);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    shards_.push_back(std::make_unique<ShardFrontEnd>(shards.at(i), initial));
  }
}

FrontEnd::~FrontEnd() = default;

void FrontEnd::accept(std::unique_ptr<Transport> transport, std::shared_ptr<const ListenerTraits> listener) {
  auto connection =
      std::make_unique<Connection>(*this, of(*Shard::current()), std::move(transport), std::move(listener));
  connection.release()->start();  // from here on its shard's list owns it
}

void FrontEnd::reconfigure(const MqttSettings& settings) {
  const auto next = std::make_shared<const MqttSettings>(settings);
  group_.run_on_all([&](Shard& shard) { of(shard).settings = next; });
}

void FrontEnd::close_all(Shard& shard) {
  for (Connection* at = of(shard).first; at != nullptr; at = at->next_) at->close_if_idle();
}

}  // namespace sluice::mqtt

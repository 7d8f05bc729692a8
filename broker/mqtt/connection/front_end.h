// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/mqtt/connection/output_buffer.h"
#include "broker/mqtt/mqtt_settings.h"
#include "shared/base/shard.h"
#include "shared/net/transport.h"

namespace sluice::mqtt {

class Connection;

/// What the MQTT connections of one shard share. Thread: the shard.
struct ShardFrontEnd {
  ShardFrontEnd(Shard& own, std::shared_ptr<const MqttSettings> initial);
  ~ShardFrontEnd();
  ShardFrontEnd(const ShardFrontEnd&) = delete;
  ShardFrontEnd& operator=(const ShardFrontEnd&) = delete;

  Shard& shard;
  std::shared_ptr<const MqttSettings> settings;  ///< for connections accepted from now on
  OutputPool pool;
  Connection* first = nullptr;  ///< the connections, linked
  std::size_t count = 0;
};

/// MQTT, "gateway zero": takes byte streams from listeners and from the WebSocket gateway and serves MQTT on them.
/// Owner: the app. Thread safety: `accept` and `close_all` on the shard concerned; the rest before the shards run.
class FrontEnd {
 public:
  FrontEnd(ShardGroup& shards, BrokerApi& broker, const MqttSettings& settings);
  ~FrontEnd();

  /// A new connection, on the shard that runs now.
  void accept(std::unique_ptr<Transport> transport, std::shared_ptr<const ListenerTraits> listener);
  /// For connections accepted from now on. Not from a shard's thread.
  void reconfigure(const MqttSettings& settings);
  /// Connections without a session (they have not sent a CONNECT) are closed; those with one end with their session.
  void close_all(Shard& shard);
  /// Connections that still exist on this shard.
  [[nodiscard]] std::size_t open(Shard& shard) const { return shards_[shard.index()]->count; }

  [[nodiscard]] BrokerApi& broker() { return broker_; }
  [[nodiscard]] ShardFrontEnd& of(Shard& shard) { return *shards_[shard.index()]; }

 private:
  ShardGroup& group_;
  BrokerApi& broker_;
  std::vector<std::unique_ptr<ShardFrontEnd>> shards_;
};

}  // namespace sluice::mqtt

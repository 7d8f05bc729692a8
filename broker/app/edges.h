// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/api/stream_port.h"
#include "broker/app/config/configuration.h"
#include "broker/app/core.h"
#include "broker/mqtt/connection/front_end.h"
#include "broker/transport/mqtt_listeners.h"
#include "gateways/coap/coap_gateway.h"
#include "gateways/websocket/ws_gateway.h"
#include "shared/base/shard.h"

namespace sluice::app {

/// Everything through which clients come in: listeners and gateways, wired to the core's door.
/// Owner: App. Thread: the control thread.
class Edges {
 public:
  Edges(const Configuration& configuration, ShardGroup& shards, Core& core);

  /// What open() would find wrong before it binds: TLS files and addresses, a sentence each.
  std::vector<std::string> check(const Configuration& configuration);
  /// Binds every listener. Throws std::runtime_error naming listener, address and key.
  void open(const Configuration& configuration);
  /// Accepts clients. Requires running shards.
  void start();
  /// Takes over new settings and certificates, for connections from now on. Returns what could not be, a sentence each.
  std::vector<std::string> reconfigure(const Configuration& configuration);
  /// Accepts no more, says goodbye to every client and waits for them, at most `limit`. Requires running shards.
  void drain(std::chrono::milliseconds limit);

  struct Bound {
    std::string name;  ///< "mqtt:tcp:external"
    SocketAddress address;
    const Listener* listener;  ///< null for datagrams
  };
  /// Every bound listener, in the order of opening.
  [[nodiscard]] std::vector<Bound> bound() const;

 private:
  ShardGroup& shards_;
  Core& core_;
  StreamPort streams_;
  mqtt::FrontEnd mqtt_;
  transport::MqttListeners listeners_;
  ws::WsGateway websocket_;
  std::unique_ptr<coap::CoapGateway> coap_;  ///< null if emq_coap is not loaded
};

}  // namespace sluice::app

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "broker/api/broker_api.h"
#include "gateways/coap/coap_listeners.h"
#include "gateways/coap/coap_settings.h"
#include "shared/base/shard.h"
#include "shared/net/listener.h"

namespace sluice::coap {

class DatagramListener;
struct GatewayCommons;

/// What the gateway is made with.
struct GatewaySetup {
  CoapSettings settings;
  Parameters parameters;
  ServerSettings server;
  StreamSettings streams;
};

/// The CoAP gateway, `emq_coap`: every listener of it, on every shard.
/// Owner: the application. Thread: the control thread; clients live on the shards.
class CoapGateway {
 public:
  /// Before the shards run. `broker` and `shards` outlive the gateway.
  CoapGateway(ShardGroup& shards, BrokerApi& broker, GatewaySetup setup);
  /// Requires: stopped, or the shards no longer run.
  ~CoapGateway();
  CoapGateway(const CoapGateway&) = delete;
  CoapGateway& operator=(const CoapGateway&) = delete;

  /// What open() would find wrong before it binds, a sentence each.
  static std::vector<std::string> check(const CoapListenerSettings& settings);
  /// Binds every listener; before the shards run. Empty: done; otherwise what the operator has to change.
  std::string open(const CoapListenerSettings& settings);
  /// Serves from now on. Requires running shards.
  void start();
  /// Takes over certificates, keys and access rules, for what comes from now on. Returns what could not be, a sentence
  /// each; that stays as it was.
  std::vector<std::string> reconfigure(const CoapListenerSettings& settings);
  /// Serves nobody any more: clients are away, their sessions stay. Streams get until `limit` to end by themselves.
  /// Requires running shards.
  void stop(std::chrono::milliseconds limit);

  struct Bound {
    std::string name;  ///< "coap:udp:1"
    SocketAddress address;
    const Listener* listener = nullptr;  ///< of streams
  };
  /// In the order of opening.
  [[nodiscard]] std::vector<Bound> bound() const;

 private:
  class StreamListener;

  std::string open_streams(const StreamListenerSettings& settings, const std::shared_ptr<const ListenerTraits>& traits);
  void end_streams(std::chrono::milliseconds limit);

  ShardGroup& shards_;
  const GatewaySetup setup_;
  std::unique_ptr<GatewayCommons> commons_;
  std::vector<std::unique_ptr<DatagramListener>> datagrams_;
  std::vector<std::unique_ptr<StreamListener>> streams_;
  bool serving_ = false;
};

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/transport/listener_settings.h"
#include "shared/base/shard.h"
#include "shared/net/listener.h"
#include "shared/net/transport.h"

namespace sluice::transport {

/// The sockets that MQTT over TCP and TLS listens on: makes transports of what they accept and gives them to the MQTT
/// front end.
/// Owner: the application. Thread: the control thread; the acceptor is called on the shards, concurrently.
class MqttListeners {
 public:
  using Acceptor = std::function<void(std::unique_ptr<Transport>, std::shared_ptr<const ListenerTraits>)>;

  MqttListeners(ShardGroup& shards, Acceptor acceptor);
  /// Requires: stopped, or the shards no longer run.
  ~MqttListeners();

  /// Binds one listener on every shard. Empty: done; otherwise listener, address, key and reason.
  std::string open(MqttListenerSettings settings);
  /// Accepts from now on.
  void start();
  /// Takes over new settings and certificates for the clients that come from now on; `listener.name` says whose, and a
  /// listener that is not open is left to the next start. Empty: done; otherwise why not, and everything stays as it
  /// was.
  std::string reconfigure(MqttListenerSettings settings);
  /// Accepts no more; clients stay. Requires running shards if start() was called.
  void stop();

  /// In the order of opening.
  [[nodiscard]] const std::vector<std::unique_ptr<Listener>>& listeners() const { return listeners_; }

 private:
  class CurrentTraits;

  ShardGroup& shards_;
  const Acceptor acceptor_;
  std::vector<std::shared_ptr<CurrentTraits>> traits_;  ///< as listeners_
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace sluice::transport

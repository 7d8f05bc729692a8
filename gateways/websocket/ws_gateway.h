// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "broker/api/stream_port.h"
#include "gateways/websocket/ws_settings.h"
#include "shared/base/shard.h"
#include "shared/net/listener.h"

namespace sluice::ws {

class Context;
class Member;

/// The WebSocket gateway: upgrades and hands over the stream to the protocol that registered in the StreamPort.
/// Owner: the application. Thread: the control thread; connections live on the shards.
class WsGateway {
 public:
  /// `port` must be complete before start() and outlive the gateway.
  WsGateway(ShardGroup& shards, const StreamPort& port) : shards_(shards), port_(port) {}
  /// Requires: stopped, or the shards no longer run.
  ~WsGateway();
  WsGateway(const WsGateway&) = delete;
  WsGateway& operator=(const WsGateway&) = delete;

  /// Binds `listener.ws.<name>` or, where `listener.tls` is set, `listener.wss.<name>`. Empty: done; otherwise what
  /// the operator has to change.
  std::string open(ListenerSettings listener, WsSettings settings, std::shared_ptr<const ListenerTraits> traits);
  /// Takes over new settings for the clients that come from now on, certificates included; `listener.name` says
  /// whose, and a listener that is not open is left to the next start. Empty: done; otherwise why not, and everything
  /// stays as it was.
  std::string reconfigure(ListenerSettings listener, WsSettings settings, std::shared_ptr<const ListenerTraits> traits);
  /// Accepts from now on.
  void start();
  /// Accepts no more; from now on every connection that an owner shuts down is closed with "going away" (1001).
  /// Comes before the protocols say goodbye to their clients. Requires running shards.
  void stop_accepting();
  /// As stop_accepting(), then tells the clients that are left, and closes what has not ended after `limit`.
  /// Requires running shards.
  void stop(std::chrono::milliseconds limit);

  [[nodiscard]] const std::vector<std::unique_ptr<Listener>>& listeners() const { return listeners_; }

 private:
  void tell_everybody(void (Member::*what)());

  ShardGroup& shards_;
  const StreamPort& port_;
  std::vector<std::shared_ptr<Context>> contexts_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  bool accepting_ = false;
};

}  // namespace sluice::ws

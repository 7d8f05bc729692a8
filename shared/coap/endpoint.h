// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/base/shard.h"
#include "shared/coap/client/requester.h"
#include "shared/coap/message/message_layer.h"
#include "shared/coap/server/server.h"
#include "shared/net/datagram.h"

namespace sluice::coap {

/// CoAP on one port of datagrams, plain or DTLS: messages below, requests and responses above.
/// Owner: a gateway; one for each listener and shard. Thread: its shard.
class DatagramEndpoint final : private CarrierEvents {
 public:
  /// All outlive the endpoint.
  DatagramEndpoint(Shard& shard, DatagramPort& port, const Parameters& parameters, const ServerSettings& settings,
                   RequestHandler& handler, const ClientSettings& client = {})
      : messages_(shard, port, parameters, *this),
        server_(shard, messages_, parameters, settings, handler),
        requester_(shard, messages_, parameters, client) {}

  /// What the port reports to.
  [[nodiscard]] DatagramEvents& events() { return messages_; }
  [[nodiscard]] MessageLayer& messages() { return messages_; }
  [[nodiscard]] Server& server() { return server_; }
  [[nodiscard]] Requester& requester() { return requester_; }

 private:
  void on_request(const Incoming& incoming) override { server_.on_request(incoming); }
  bool on_response(const Incoming& incoming) override { return requester_.on_response(incoming); }
  void on_peer_gone(PeerId peer) override {
    requester_.on_peer_gone(peer);
    server_.on_peer_gone(peer);
  }
  void on_room(PeerId peer) override { server_.on_room(peer); }

  MessageLayer messages_;
  Server server_;
  Requester requester_;
};

}  // namespace sluice::coap

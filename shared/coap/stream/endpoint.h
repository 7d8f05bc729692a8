// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "shared/base/shard.h"
#include "shared/coap/client/requester.h"
#include "shared/coap/message/parameters.h"
#include "shared/coap/server/server.h"
#include "shared/coap/stream/stream_carrier.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// CoAP on the streams of one listener, plain or TLS: messages below, requests and responses above.
/// Owner: a gateway; one for each listener and shard. Thread: its shard.
class StreamEndpoint final : private CarrierEvents {
 public:
  /// Shard, parameters and handler outlive the endpoint.
  StreamEndpoint(Shard& shard, const StreamSettings& streams, const Parameters& parameters,
                 const ServerSettings& settings, RequestHandler& handler, const ClientSettings& client = {})
      : streams_(shard, streams, *this),
        server_(shard, streams_, parameters, settings, handler),
        requester_(shard, streams_, parameters, client) {}

  PeerId accept(std::unique_ptr<Transport> transport) { return streams_.accept(std::move(transport)); }
  /// Release to every peer [RFC 8323 5.5]; the connections end by themselves, see connections().
  void shutdown() { streams_.shutdown(); }
  [[nodiscard]] std::size_t connections() const { return streams_.connections(); }

  [[nodiscard]] StreamCarrier& streams() { return streams_; }
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

  StreamCarrier streams_;
  Server server_;
  Requester requester_;
};

}  // namespace sluice::coap

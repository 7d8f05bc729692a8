// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "broker/api/broker_api.h"
#include "gateways/coap/backlog.h"
#include "gateways/coap/coap_settings.h"
#include "gateways/coap/envelope.h"
#include "shared/coap/server/server.h"

namespace sluice::coap {

class GatewayShard;

/// One listener on one shard, as the gateway sees it: whatever carries its messages, requests come in here and answers
/// and notifications go out.
/// Owner: the GatewayShard. Thread: its shard.
class EndpointHost : public RequestHandler, public OutcomeSink {
 public:
  EndpointHost(GatewayShard& shard, std::uint32_t index, std::shared_ptr<const ListenerTraits> traits, Compat compat)
      : shard_(shard), index_(index), traits_(std::move(traits)), compat_(compat) {}
  virtual ~EndpointHost() = default;

  [[nodiscard]] virtual Server& server() = 0;
  [[nodiscard]] const std::shared_ptr<const ListenerTraits>& traits() const { return traits_; }
  [[nodiscard]] Compat compat() const { return compat_; }

  void on_request(const Request& request) override;
  void on_peer_gone(PeerId peer) override;
  void on_room(PeerId peer) override;
  void on_outcome(PeerId peer, Cookie cookie, Outcome outcome) override;
  /// Sends it, or keeps it until the peer has a place for it. Gives its tag back with PeerGone if it is for nobody.
  void send(PeerId peer, OutboundNotification outgoing);
  /// What was sent under `tag` is not needed there any more: no outcome follows.
  void withdraw(PeerId peer, const NotificationTag& tag);
  /// Gives `tag` back with PeerGone when the peer is gone.
  void watch(PeerId peer, const NotificationTag& tag);
  void unwatch(PeerId peer, const NotificationTag& tag);

 private:
  using Cookies = boost::unordered_flat_set<Cookie>;

  Carrier::Sent try_to_send(PeerId peer, const OutboundNotification& outgoing);

  GatewayShard& shard_;
  const std::uint32_t index_;
  const std::shared_ptr<const ListenerTraits> traits_;
  const Compat compat_;
  std::unordered_map<PeerId, Cookies, PeerHash> watched_;
  Backlog backlog_;
};

}  // namespace sluice::coap

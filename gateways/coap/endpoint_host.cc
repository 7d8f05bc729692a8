// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/endpoint_host.h"

#include <utility>

#include "gateways/coap/gateway_shard.h"

namespace sluice::coap {

void EndpointHost::on_request(const Request& request) { shard_.on_request(*this, index_, request); }

/// Whoever is not told is told when something is sent there the next time.
void EndpointHost::on_peer_gone(PeerId peer) {
  for (const NotificationTag& tag : backlog_.drop(peer)) shard_.refused(tag);
  const auto watched = watched_.find(peer);
  if (watched == watched_.end()) return;
  const Cookies told = std::move(watched->second);
  watched_.erase(watched);
  for (const Cookie cookie : told) shard_.on_outcome(cookie, Outcome::PeerGone);
}

void EndpointHost::on_room(PeerId peer) {
  while (std::optional<OutboundNotification> next = backlog_.take(peer)) {
    const Carrier::Sent sent = try_to_send(peer, *next);
    if (sent == Carrier::Sent::Full) return backlog_.put_back(peer, std::move(*next));
    if (sent == Carrier::Sent::Refused) shard_.refused(next->tag);
  }
}

void EndpointHost::on_outcome(PeerId, Cookie cookie, Outcome outcome) { shard_.on_outcome(cookie, outcome); }

void EndpointHost::watch(PeerId peer, const NotificationTag& tag) { watched_[peer].insert(tag.pack()); }

void EndpointHost::unwatch(PeerId peer, const NotificationTag& tag) {
  const auto watched = watched_.find(peer);
  if (watched == watched_.end()) return;
  watched->second.erase(tag.pack());
  if (watched->second.empty()) watched_.erase(watched);
}

void EndpointHost::send(PeerId peer, OutboundNotification outgoing) {
  if (!server().carrier().known(peer)) return shard_.refused(outgoing.tag);
  // Nothing overtakes what waits, but datagrams that nobody confirms: those wait for nobody.
  const bool waits_its_turn = outgoing.tag.confirmable || server().carrier().reliable();
  const bool behind_others = waits_its_turn && backlog_.has(peer);
  const Carrier::Sent sent = behind_others ? Carrier::Sent::Full : try_to_send(peer, outgoing);
  if (sent == Carrier::Sent::Full) return backlog_.push(peer, std::move(outgoing));
  if (!waits_its_turn) backlog_.forget(peer, outgoing.tag);  // what waits is older
  if (sent == Carrier::Sent::Refused) shard_.refused(outgoing.tag);
}

void EndpointHost::withdraw(PeerId peer, const NotificationTag& tag) {
  backlog_.forget(peer, tag);
  server().carrier().withdraw(peer, {this, tag.pack()});
}

Carrier::Sent EndpointHost::try_to_send(PeerId peer, const OutboundNotification& outgoing) {
  const Reminder reminder{this, outgoing.tag.pack()};
  if (outgoing.is_probe) return server().carrier().probe(peer, reminder);
  const auto confirm = outgoing.tag.confirmable ? Carrier::Confirm::Yes : Carrier::Confirm::No;
  const ObserverTag& observer = outgoing.observer;
  return server().notify(peer, observer.token, observer.representation, outgoing.notification, confirm, reminder,
                         observer.largest_block);
}

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/backlog.h"

#include <utility>

#include "gateways/coap/coap_probe.h"

namespace sluice::coap {
namespace {

/// The observation of the client, whatever route it has and however it is notified.
Cookie observation_of(NotificationTag tag) {
  tag.epoch = 0;
  tag.copy = 0;
  tag.confirmable = false;
  return tag.pack();
}

}  // namespace

void Backlog::push(PeerId peer, OutboundNotification outgoing) {
  if (const auto queue = peers_.find(peer); queue != peers_.end()) {
    const auto earlier = queue->second.by_observation.find(observation_of(outgoing.tag));
    if (earlier != queue->second.by_observation.end()) {
      if (!earlier->second->tag.confirmable) probe().superseded.add();
      *earlier->second = std::move(outgoing);
      return;
    }
  }
  insert(peer, std::move(outgoing), false);
}

void Backlog::put_back(PeerId peer, OutboundNotification outgoing) { insert(peer, std::move(outgoing), true); }

void Backlog::insert(PeerId peer, OutboundNotification outgoing, bool in_front) {
  Queue& queue = peers_[peer];
  const Cookie observation = observation_of(outgoing.tag);
  const auto place =
      queue.in_order.insert(in_front ? queue.in_order.begin() : queue.in_order.end(), std::move(outgoing));
  queue.by_observation.emplace(observation, place);
  probe().crowded.add(1);
}

std::optional<OutboundNotification> Backlog::take(PeerId peer) {
  const auto queue = peers_.find(peer);
  if (queue == peers_.end()) return std::nullopt;
  std::optional<OutboundNotification> first = std::move(queue->second.in_order.front());
  erase(queue, queue->second.in_order.begin());
  return first;
}

void Backlog::forget(PeerId peer, const NotificationTag& tag) {
  const auto queue = peers_.find(peer);
  if (queue == peers_.end()) return;
  const auto waiting = queue->second.by_observation.find(observation_of(tag));
  if (waiting == queue->second.by_observation.end()) return;
  const bool says_that_it_is_over = !waiting->second->is_probe && !waiting->second->notification.code.is_success();
  if (!says_that_it_is_over) erase(queue, waiting->second);
}

/// Requires: `outgoing` has its tag still.
void Backlog::erase(Queues::iterator queue, List::iterator outgoing) {
  queue->second.by_observation.erase(observation_of(outgoing->tag));
  queue->second.in_order.erase(outgoing);
  probe().crowded.add(-1);
  if (queue->second.in_order.empty()) peers_.erase(queue);
}

std::vector<NotificationTag> Backlog::drop(PeerId peer) {
  std::vector<NotificationTag> dropped;
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return dropped;
  for (const OutboundNotification& one : found->second.in_order) dropped.push_back(one.tag);
  probe().crowded.add(-static_cast<std::int64_t>(dropped.size()));
  peers_.erase(found);
  return dropped;
}

}  // namespace sluice::coap

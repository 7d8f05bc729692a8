// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/stream_carrier.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared/coap/stream/stream_probe.h"

namespace sluice::coap {
namespace {

StreamSettings sensible(StreamSettings settings) {
  settings.max_message_size = std::max(settings.max_message_size, Capabilities::kLeastMessageSize);
  return settings;
}

}  // namespace

StreamCarrier::StreamCarrier(Shard& own, const StreamSettings& wanted, CarrierEvents& above)
    : StreamHome(own, sensible(wanted), above), slots_(1), self_(std::make_shared<StreamCarrier*>(this)) {}

StreamCarrier::~StreamCarrier() = default;

PeerId StreamCarrier::accept(std::unique_ptr<Transport> transport) {
  if (shut_down_) {
    transport->shutdown();
    return {};
  }
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  const PeerId id{slot, slots_[slot].generation};
  slots_[slot].connection =
      std::make_unique<StreamConnection>(static_cast<StreamHome&>(*this), id, std::move(transport));
  ++count_;
  slots_[slot].connection->start();
  return id;
}

void StreamCarrier::shutdown() {
  shut_down_ = true;
  for (const Slot& slot : slots_) {
    if (slot.connection && slot.connection->open()) slot.connection->release();
  }
}

void StreamCarrier::ended(PeerId id) {
  Slot& slot = slots_[id.slot];
  const std::unique_ptr<StreamConnection> connection = std::move(slot.connection);
  ++slot.generation;
  free_.push_back(id.slot);
  --count_;
  connection->tell_gone();
  events.on_peer_gone(id);
}

void StreamCarrier::continue_later(PeerId id) {
  shard.post([carrier = std::weak_ptr(self_), id] {
    const auto alive = carrier.lock();
    if (!alive) return;
    if (StreamConnection* const connection = (*alive)->get(id)) connection->go_on();
  });
}

StreamConnection* StreamCarrier::get(PeerId id) const {
  if (!id || id.slot >= slots_.size()) return nullptr;
  const Slot& slot = slots_[id.slot];
  if (slot.generation != id.generation || !slot.connection || !slot.connection->open()) return nullptr;
  return slot.connection.get();
}

void StreamCarrier::reply(const ReplyTo& to, Parts& parts) {
  if (StreamConnection* const connection = get(to.peer)) connection->reply(parts);
}

void StreamCarrier::reject(const ReplyTo& to) {
  if (StreamConnection* const connection = get(to.peer)) connection->end_quietly();
}

Carrier::Sent StreamCarrier::send(PeerId id, Parts& parts, Confirm confirm, Reminder reminder) {
  StreamConnection* const connection = get(id);
  return connection != nullptr ? connection->send(parts, confirm, reminder) : Sent::Refused;
}

Carrier::Sent StreamCarrier::probe(PeerId id, Reminder reminder) {
  StreamConnection* const connection = get(id);
  return connection != nullptr ? connection->probe(reminder) : Sent::Refused;
}

TransportPeer StreamCarrier::peer(PeerId id) const {
  const StreamConnection* const connection = get(id);
  return connection != nullptr ? connection->peer() : TransportPeer{};
}

std::size_t StreamCarrier::credit(PeerId id) const { return known(id) ? std::numeric_limits<std::size_t>::max() : 0; }

std::uint8_t StreamCarrier::largest_block(PeerId id) const {
  const StreamConnection* const connection = get(id);
  return connection != nullptr ? connection->capabilities().largest_block() : 0;
}

std::size_t StreamCarrier::largest_message(PeerId id) const {
  const StreamConnection* const connection = get(id);
  // What we do not take ourselves we do not send either: it would stand in the way of everything behind it.
  const std::size_t most = std::max(settings.max_message_size, Capabilities::kBaseMessageSize);
  return connection != nullptr ? connection->capabilities().largest_message(most) : 0;
}

}  // namespace sluice::coap

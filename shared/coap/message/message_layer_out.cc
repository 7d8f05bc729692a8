// SPDX-License-Identifier: Apache-2.0
// What goes out of the message layer: answers, requests and notifications, their order and their repetition.
#include <algorithm>
#include <array>
#include <utility>

#include "shared/coap/message/message_layer.h"
#include "shared/coap/message/message_probe.h"
#include "shared/log/log.h"

namespace sluice::coap {
namespace {

/// A message without code, token, options or payload [RFC 7252 4.1].
std::array<std::byte, 4> empty_message(Type type, MessageId mid) {
  const unsigned first = 0x40U | (static_cast<unsigned>(type) << 4);
  return {static_cast<std::byte>(first), std::byte{0}, static_cast<std::byte>(mid >> 8),
          static_cast<std::byte>(mid & 0xFFU)};
}

/// Gives an encoded message its id.
void set_mid(Bytes& message, MessageId mid) {
  message[2] = static_cast<std::byte>(mid >> 8);
  message[3] = static_cast<std::byte>(mid & 0xFFU);
}

}  // namespace

void MessageLayer::transmit(const Peer& peer, std::span<const std::byte> bytes) {
  message_probe().sent.add();
  port_.send(peer.path, bytes);
}

void MessageLayer::transmit_on_credit(Peer& peer, std::span<const std::byte> bytes) {
  peer.credit -= std::min(peer.credit, static_cast<std::uint32_t>(bytes.size()));
  transmit(peer, bytes);
}

void MessageLayer::transmit_empty(const DatagramPath& path, Type type, MessageId mid) {
  message_probe().sent.add();
  port_.send(path, empty_message(type, mid));
}

void MessageLayer::reply(const ReplyTo& to, Parts& parts) {
  Peer* const peer = peers_.get(to.peer);
  if (peer == nullptr) return;
  if (to.type == Type::Confirmable && to.acknowledged) {
    // Rather unconfirmed than lost, if too many of its answers wait to be confirmed [RFC 7252 5.2.2].
    if (send(to.peer, parts, Confirm::Yes, {}) != Sent::Full) return;
    parts.type = Type::NonConfirmable;
    return transmit_non_confirmable(to.peer, *peer, encode(parts), {});
  }
  const bool piggybacked = to.type == Type::Confirmable;
  parts.type = piggybacked ? Type::Acknowledgement : Type::NonConfirmable;
  parts.mid = piggybacked ? to.mid : next_mid(to.peer, *peer);
  const Bytes bytes = encode(parts);
  if (piggybacked) duplicates_.set_answer(to.peer, to.mid, bytes);
  transmit_on_credit(*peer, bytes);
}

void MessageLayer::acknowledge(const ReplyTo& to) {
  const Peer* const peer = peers_.get(to.peer);
  if (peer == nullptr || to.type != Type::Confirmable) return;
  const auto bytes = empty_message(Type::Acknowledgement, to.mid);
  duplicates_.set_answer(to.peer, to.mid, bytes);
  transmit(*peer, bytes);
}

void MessageLayer::reject(const ReplyTo& to) {
  const Peer* const peer = peers_.get(to.peer);
  if (peer == nullptr) return;
  const auto bytes = empty_message(Type::Reset, to.mid);
  duplicates_.set_answer(to.peer, to.mid, bytes);
  message_probe().resets_sent.add();
  transmit(*peer, bytes);
}

Carrier::Sent MessageLayer::send(PeerId id, Parts& parts, Confirm confirm, Reminder reminder) {
  Peer* const peer = peers_.get(id);
  if (peer == nullptr) return Sent::Refused;
  parts.type = confirm == Confirm::Yes ? Type::Confirmable : Type::NonConfirmable;
  parts.mid = 0;
  Bytes message = encode(parts);
  if (confirm == Confirm::No) {
    if (!has_free_id(id, *peer)) return full(id, *peer);
    transmit_non_confirmable(id, *peer, std::move(message), reminder);
    return Sent::Yes;
  }
  if (may_send_confirmable(id, *peer)) {
    send_confirmable(id, *peer, std::move(message), reminder);
    return Sent::Yes;
  }
  PeerTraffic& traffic_of_peer = traffic(*peer);
  if (traffic_of_peer.waiting.size() >= parameters_.max_waiting) return full(id, *peer);
  note_starved(id, traffic_of_peer);
  traffic_of_peer.waiting.push_back({std::move(message), reminder});
  peers_.pin(id);
  return Sent::Waiting;
}

Carrier::Sent MessageLayer::full(PeerId id, Peer& peer) {
  message_probe().refused.add();
  PeerTraffic& traffic_of_peer = traffic(peer);
  traffic_of_peer.room_wanted = true;
  note_starved(id, traffic_of_peer);
  return Sent::Full;
}

/// If no confirmation is to come that would set off what waits.
void MessageLayer::note_starved(PeerId id, PeerTraffic& traffic_of_peer) {
  if (!traffic_of_peer.outstanding.empty() || std::exchange(traffic_of_peer.starved, true)) return;
  note_paced(*look(id));
  if (starved_.empty()) shard_.wheel().arm_coarsely(*this, shard_.now() + kStarvedInterval);
  starved_.push_back(id);
}

void MessageLayer::note_paced(const Peer& peer) {
  message_probe().paced.add();
  static log::RateLimit limit(1);
  if (const auto hushed = limit.admit(); hushed >= 0) {
    log::get("coap").info(
        "messages wait: peer={} listener={} reason=it has got as many as there are message ids for EXCHANGE_LIFETIME "
        "[RFC 7252 4.4]; more ports, or CoAP over TCP, take more ({} like this not shown)",
        peer.path.remote.to_string(), port_.bound().to_string(), hushed);
  }
}

void MessageLayer::transmit_non_confirmable(PeerId id, Peer& peer, Bytes message, Reminder reminder) {
  const MessageId mid = next_mid(id, peer);
  set_mid(message, mid);
  transmit_on_credit(peer, message);
  if (reminder.sink != nullptr) remember_non_confirmable(peer, mid, reminder);
}

void MessageLayer::withdraw(PeerId id, Reminder reminder) {
  Peer* const peer = peers_.get(id);
  if (peer == nullptr || !peer->traffic) return;
  PeerTraffic& sent = *peer->traffic;
  for (PeerTraffic::Sent& one : sent.non_confirmable) {
    if (one.reminder == reminder) one = {};
  }
  for (std::size_t i = 0; i < sent.waiting.size(); ++i) {
    if (sent.waiting[i].reminder != reminder) continue;
    sent.waiting.erase(i);
    peers_.unpin(id);
    return tell_room(id, sent);
  }
  const auto mine = [&](MessageId mid) { return retransmitter_.reminder_of(id, mid) == reminder; };
  const auto found = std::ranges::find_if(sent.outstanding, mine);
  if (found == sent.outstanding.end()) return;
  const MessageId mid = *found;
  retransmitter_.take(id, mid);
  settled(id, mid);
}

Carrier::Sent MessageLayer::probe(PeerId id, Reminder reminder) {
  Parts ping;
  return send(id, ping, Confirm::Yes, reminder);
}

void MessageLayer::send_confirmable(PeerId id, Peer& peer, Bytes message, Reminder reminder) {
  const MessageId mid = next_mid(id, peer);
  set_mid(message, mid);
  traffic(peer).outstanding.push_back(mid);
  peers_.pin(id);
  transmit_on_credit(peer, message);
  retransmitter_.add(id, mid, std::move(message), reminder);
}

void MessageLayer::remember_non_confirmable(Peer& peer, MessageId mid, Reminder reminder) {
  PeerTraffic& sent = traffic(peer);
  sent.non_confirmable[sent.next_sent] = {mid, reminder};
  sent.next_sent = static_cast<std::uint8_t>((sent.next_sent + 1) % PeerTraffic::kRemembered);
}

/// An id that no unacknowledged message to the peer has [RFC 7252 4.4].
MessageId MessageLayer::next_mid(PeerId id, Peer& peer) {
  const auto is_outstanding = [&peer](MessageId mid) {
    return peer.traffic && std::ranges::count(peer.traffic->outstanding, mid) > 0;
  };
  do {
    ids_.used(id, peer.next_mid, shard_.now());
  } while (is_outstanding(peer.next_mid++));
  return static_cast<MessageId>(peer.next_mid - 1);
}

bool MessageLayer::has_free_id(PeerId id, const Peer& peer) const { return ids_.free(id, peer.next_mid, shard_.now()); }

bool MessageLayer::may_send_confirmable(PeerId id, const Peer& peer) const {
  return (!peer.traffic || peer.traffic->outstanding.size() < parameters_.nstart) && has_free_id(id, peer);
}

/// A confirmable message is out of the way: the next one may go.
void MessageLayer::settled(PeerId id, MessageId mid) {
  Peer& peer = *peers_.get(id);
  PeerTraffic& traffic_of_peer = *peer.traffic;
  traffic_of_peer.outstanding.erase(std::ranges::find(traffic_of_peer.outstanding, mid));
  peers_.unpin(id);
  send_waiting(id);
}

void MessageLayer::send_waiting(PeerId id) {
  Peer& peer = *peers_.get(id);
  PeerTraffic& traffic_of_peer = *peer.traffic;
  while (!traffic_of_peer.waiting.empty() && may_send_confirmable(id, peer)) {
    PeerTraffic::Waiting next = traffic_of_peer.waiting.pop_front();
    peers_.unpin(id);
    send_confirmable(id, peer, std::move(next.message), next.reminder);
  }
  if (!traffic_of_peer.waiting.empty()) note_starved(id, traffic_of_peer);
  tell_room(id, traffic_of_peer);
}

/// Those who wait for nothing but an id that may be used again.
void MessageLayer::wake_starved() {
  for (const PeerId id : std::exchange(starved_, {})) {
    const Peer* const peer = look(id);
    if (peer == nullptr || !peer->traffic) continue;
    peer->traffic->starved = false;
    if (has_free_id(id, *peer)) {
      send_waiting(id);
    } else {
      note_starved(id, *peer->traffic);
    }
  }
}

void MessageLayer::tell_room(PeerId id, PeerTraffic& traffic_of_peer) {
  if (traffic_of_peer.waiting.size() < parameters_.max_waiting && std::exchange(traffic_of_peer.room_wanted, false)) {
    events_.on_room(id);
  }
}

void MessageLayer::retransmit(PeerId id, std::span<const std::byte> message) {
  Peer* const peer = peers_.get(id);
  if (peer == nullptr) return;
  if (!peer->verified && peer->credit < message.size()) return ask_instead(id, *peer);
  message_probe().retransmissions.add();
  transmit_on_credit(*peer, message);
}

/// An address that may be forged gets no more than what it has credit for, and a ping in place of what it has no credit
/// for: whoever is there answers that, and gets the message when its time comes again.
void MessageLayer::ask_instead(PeerId id, Peer& peer) {
  const MessageId mid = next_mid(id, peer);
  traffic(peer).asked = mid;
  transmit_on_credit(peer, empty_message(Type::Confirmable, mid));
}

void MessageLayer::give_up(PeerId id, MessageId mid, Reminder reminder) {
  message_probe().timeouts.add();
  if (peers_.get(id) == nullptr) return;
  settled(id, mid);
  tell(id, reminder, Outcome::TimedOut);
}

void MessageLayer::tell(PeerId peer, Reminder reminder, Outcome outcome) {
  if (reminder.sink != nullptr) reminder.sink->on_outcome(peer, reminder.cookie, outcome);
}

}  // namespace sluice::coap

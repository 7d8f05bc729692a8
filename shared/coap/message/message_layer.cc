// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/message_layer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared/coap/message/message_probe.h"
#include "shared/log/log.h"

namespace sluice::coap {
namespace {

constexpr auto kSweepInterval = std::chrono::seconds(10);
constexpr std::size_t kSweepAtOnce = 4096;
constexpr std::size_t kAmplification = 3;  ///< what an address that is not verified gets for what it sends

}  // namespace

MessageLayer::MessageLayer(Shard& shard, DatagramPort& port, const Parameters& parameters, CarrierEvents& events)
    : shard_(shard),
      port_(port),
      parameters_(parameters),
      events_(events),
      peers_(std::max<std::size_t>(parameters.max_peers, 1)),
      duplicates_(parameters),
      retransmitter_(shard, parameters, *this),
      ids_(parameters.exchange_lifetime()) {}

MessageLayer::~MessageLayer() {
  message_probe().peers.add(-static_cast<std::int64_t>(peers_.size()));
  message_probe().remembered.add(-static_cast<std::int64_t>(remembered_shown_));
}

// What comes in.

void MessageLayer::on_datagram(const Datagram& datagram) {
  message_probe().received.add();
  if (const auto pdu = Pdu::parse(datagram.bytes)) {
    on_message(datagram, *pdu);
  } else {
    on_malformed(datagram, pdu.error());
  }
}

/// A confirmable message that cannot be understood is rejected with a Reset, anything else in silence [RFC 7252 4.2,
/// 4.3]; so is another version's [RFC 7252 3] and what came to a group [RFC 7252 8.1].
void MessageLayer::on_malformed(const Datagram& datagram, ErrorCode why) {
  message_probe().malformed.add();
  static log::RateLimit limit(1);
  if (const auto hushed = limit.admit(); hushed >= 0) {
    log::get("coap").info("datagram ignored: peer={} listener={} reason={} ({} like this not shown)",
                          datagram.path.remote.to_string(), port_.bound().to_string(), why.message(), hushed);
  }
  const auto header = read_header(datagram.bytes);
  if (!header || header->version != 1 || header->type != Type::Confirmable || datagram.multicast) return;
  message_probe().resets_sent.add();
  transmit_empty(datagram.path, Type::Reset, header->mid);
}

void MessageLayer::on_message(const Datagram& datagram, const Pdu& pdu) {
  // To a group go requests, and they are never confirmable [RFC 7252 8.1].
  if (datagram.multicast && (pdu.type() != Type::NonConfirmable || !pdu.code().is_request())) {
    return message_probe().ignored.add();
  }
  switch (pdu.type()) {
    case Type::Acknowledgement:
      return on_acknowledgement(datagram, pdu);
    case Type::Reset:
      return on_reset(datagram, pdu);
    case Type::Confirmable:
    case Type::NonConfirmable:
      break;
  }
  if (pdu.code().is_request()) return on_request(datagram, pdu);
  if (pdu.code().is_response()) return on_separate_response(datagram, pdu);
  if (pdu.type() == Type::Confirmable) {
    // An empty confirmable message asks whether anybody is there: a ping [RFC 7252 4.3].
    message_probe().resets_sent.add();
    return transmit_empty(datagram.path, Type::Reset, pdu.mid());
  }
  message_probe().ignored.add();
}

void MessageLayer::on_acknowledgement(const Datagram& datagram, const Pdu& pdu) {
  // An acknowledgement of nothing is ignored, and so is one that carries a request [RFC 7252 4.2].
  if (pdu.code().is_request()) return message_probe().ignored.add();
  const PeerId id = peers_.find(datagram.path);
  const auto taken = id ? retransmitter_.take(id, pdu.mid()) : Retransmitter::Taken{};
  if (!taken.found) return message_probe().ignored.add();
  peers_.touch(id, datagram.path, shard_.now());
  peers_.get(id)->verified = true;
  settled(id, pdu.mid());
  tell(id, taken.reminder, Outcome::Acknowledged);
  if (pdu.code().is_response()) {
    static_cast<void>(events_.on_response({id, pdu, datagram.bytes.size(), false}));
  }
}

void MessageLayer::on_reset(const Datagram& datagram, const Pdu& pdu) {
  // One that is not empty is ignored [RFC 7252 4.2].
  if (!pdu.code().is_empty()) return message_probe().ignored.add();
  message_probe().resets_received.add();
  const PeerId id = peers_.find(datagram.path);
  Peer* const peer = peers_.get(id);
  if (peer == nullptr) return;
  if (const auto taken = retransmitter_.take(id, pdu.mid()); taken.found) {
    peers_.touch(id, datagram.path, shard_.now());
    peer->verified = true;
    settled(id, pdu.mid());
    tell(id, taken.reminder, Outcome::Reset);
    return;
  }
  if (!peer->traffic) return;
  if (peer->traffic->asked == pdu.mid()) {
    peers_.touch(id, datagram.path, shard_.now());
    peer->verified = true;
    return peer->traffic->asked.reset();
  }
  for (PeerTraffic::Sent& sent : peer->traffic->non_confirmable) {
    if (sent.reminder.sink == nullptr || sent.mid != pdu.mid()) continue;
    return tell(id, std::exchange(sent, {}).reminder, Outcome::Reset);
  }
}

void MessageLayer::on_request(const Datagram& datagram, const Pdu& pdu) {
  PeerId id;
  Peer* const peer = acquaint(datagram.path, id);
  if (peer == nullptr) return;
  const std::size_t credit = peer->credit + kAmplification * datagram.bytes.size();
  peer->credit = static_cast<std::uint32_t>(std::min<std::size_t>(credit, kMostCredit));
  if (repeated(id, datagram, pdu)) return;
  events_.on_request({id, pdu, datagram.bytes.size(), datagram.multicast});
}

/// True if it has come before; then it has got what it got then [RFC 7252 4.5].
bool MessageLayer::repeated(PeerId id, const Datagram& datagram, const Pdu& pdu) {
  const auto verdict = duplicates_.note(id, pdu.mid(), pdu.type(), shard_.now());
  if (verdict.seen == DuplicateCache::Seen::New) return false;
  message_probe().duplicates.add();
  if (verdict.seen != DuplicateCache::Seen::Answered || pdu.type() != Type::Confirmable) return true;
  // A short message with the id of a long one must not fetch the long one's answer to an address that may be forged.
  Peer& peer = *peers_.get(id);
  if (peer.verified || verdict.answer.size() <= kAmplification * datagram.bytes.size()) {
    transmit_on_credit(peer, verdict.answer);
  }
  return true;
}

void MessageLayer::on_separate_response(const Datagram& datagram, const Pdu& pdu) {
  const PeerId id = peers_.find(datagram.path);
  Peer* const peer = peers_.get(id);
  if (peer == nullptr) {
    // A response of somebody to whom nothing was said.
    message_probe().ignored.add();
    if (pdu.type() == Type::Confirmable) transmit_empty(datagram.path, Type::Reset, pdu.mid());
    return;
  }
  peers_.touch(id, datagram.path, shard_.now());
  if (repeated(id, datagram, pdu)) return;
  const bool expected = events_.on_response({id, pdu, datagram.bytes.size(), false});
  // A notification that nobody wants is reset even where it is not confirmable [RFC 7641 3.6].
  const ReplyTo to{id, pdu.mid(), pdu.type(), false};
  if (!expected) {
    reject(to);
  } else if (pdu.type() == Type::Confirmable) {
    acknowledge(to);
  }
}

void MessageLayer::on_association_ended(const DatagramPath& path) {
  if (const PeerId id = peers_.find(path)) forget(id);
}

// Peers.

const Peer* MessageLayer::look(PeerId id) const { return peers_.get(id); }

Peer* MessageLayer::acquaint(const DatagramPath& path, PeerId& id) {
  id = peers_.find(path);
  if (id) {
    peers_.touch(id, path, shard_.now());
    return peers_.get(id);
  }
  PeerId evicted;
  id = peers_.insert(path, shard_.now(), evicted);
  if (evicted) {
    ids_.forget(evicted);
    message_probe().peers_evicted.add();
    message_probe().peers.add(-1);
    events_.on_peer_gone(evicted);
  }
  if (!id) {
    message_probe().peers_refused.add();
    static log::RateLimit limit(1);
    if (const auto hushed = limit.admit(); hushed >= 0) {
      log::get("coap").warn(
          "datagram dropped: peer={} listener={} reason=too many peers are busy; raise coap.max_peers "
          "({} like this not shown)",
          path.remote.to_string(), port_.bound().to_string(), hushed);
    }
    return nullptr;
  }
  message_probe().peers.add(1);
  Peer* const peer = peers_.get(id);
  peer->verified = port_.secure();
  if (!armed()) shard_.wheel().arm_coarsely(*this, shard_.now() + kSweepInterval);
  return peer;
}

PeerId MessageLayer::peer_at(const DatagramPath& path) {
  PeerId id;
  if (Peer* const peer = acquaint(path, id)) peer->credit = kMostCredit;
  return id;
}

PeerTraffic& MessageLayer::traffic(Peer& peer) {
  if (!peer.traffic) peer.traffic = std::make_unique<PeerTraffic>();
  return *peer.traffic;
}

/// Takes it out and tells everybody who waits for something of it.
void MessageLayer::forget(PeerId id) {
  Peer* const peer = peers_.get(id);
  std::vector<Reminder> left;
  if (peer->traffic) {
    for (const MessageId mid : peer->traffic->outstanding) left.push_back(retransmitter_.take(id, mid).reminder);
    while (!peer->traffic->waiting.empty()) left.push_back(peer->traffic->waiting.pop_front().reminder);
  }
  peers_.erase(id);
  ids_.forget(id);
  message_probe().peers.add(-1);
  for (const Reminder& reminder : left) tell(id, reminder, Outcome::PeerGone);
  events_.on_peer_gone(id);
}

void MessageLayer::on_timer(TimePoint) {
  wake_starved();
  if (shard_.now() >= sweep_at_) sweep();
  const bool idle = peers_.size() + duplicates_.size() == 0;
  if (!idle) shard_.wheel().arm_coarsely(*this, starved_.empty() ? sweep_at_ : shard_.now() + kStarvedInterval);
}

/// Peers of whom nothing was heard for as long as their messages could come again are forgotten.
void MessageLayer::sweep() {
  const Duration lifetime = parameters_.exchange_lifetime();
  for (std::size_t swept = 0; swept < kSweepAtOnce; ++swept) {
    const PeerId id = peers_.oldest();
    if (!id || shard_.now() - look(id)->last_heard < lifetime) break;
    forget(id);
  }
  sweep_at_ = shard_.now() + kSweepInterval;
  duplicates_.forget_expired(shard_.now());
  message_probe().remembered.add(static_cast<std::int64_t>(duplicates_.size()) -
                                 static_cast<std::int64_t>(remembered_shown_));
  remembered_shown_ = duplicates_.size();
  message_probe().forgotten.add(duplicates_.forgotten_early() - forgotten_shown_);
  forgotten_shown_ = duplicates_.forgotten_early();
}

// What the layer above asks.

void MessageLayer::pin(PeerId id) { peers_.pin(id); }

void MessageLayer::unpin(PeerId id) { peers_.unpin(id); }

TransportPeer MessageLayer::peer(PeerId id) const {
  TransportPeer result;
  const Peer* const known_peer = look(id);
  if (known_peer == nullptr) return result;
  result.address = known_peer->path.remote;
  result.local = port_.bound();
  if (known_peer->path.local_ip != decltype(known_peer->path.local_ip){}) result.local.ip = known_peer->path.local_ip;
  result.identity = port_.identity(known_peer->path);
  return result;
}

bool MessageLayer::known(PeerId id) const { return look(id) != nullptr; }

bool MessageLayer::verified(PeerId id) const {
  const Peer* const peer = look(id);
  return peer != nullptr && peer->verified;
}

void MessageLayer::set_verified(PeerId id) {
  if (Peer* const peer = peers_.get(id)) peer->verified = true;
}

std::size_t MessageLayer::credit(PeerId id) const {
  const Peer* const peer = look(id);
  if (peer == nullptr) return 0;
  return peer->verified ? std::numeric_limits<std::size_t>::max() : peer->credit;
}

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/peer_table.h"

#include <array>
#include <cstring>
#include <stdexcept>

#include <openssl/rand.h>

namespace sluice::coap {
namespace {

bool is_link_local(const SocketAddress& address) { return address.ip[0] == 0xFE && (address.ip[1] & 0xC0U) == 0x80; }

/// Where a peer's message ids begin: a stranger who does not see them has to guess, whatever ids of other peers he has
/// seen [RFC 7252 4.4, 11.4].
MessageId random_mid() {
  thread_local std::array<MessageId, 64> random;
  thread_local std::size_t left = 0;
  if (left == 0) {
    if (::RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), sizeof random) != 1) {
      throw std::runtime_error("no random numbers for the message ids of CoAP");
    }
    left = random.size();
  }
  return random.at(--left);
}

}  // namespace

PeerTable::Key PeerTable::key_of(const DatagramPath& path) {
  Key key;
  const std::uint32_t interface = is_link_local(path.remote) ? path.interface : 0;
  std::memcpy(key.bytes.data(), path.remote.ip.data(), 16);
  std::memcpy(key.bytes.data() + 16, &path.remote.port, 2);
  std::memcpy(key.bytes.data() + 18, &interface, 4);
  return key;
}

PeerId PeerTable::find(const DatagramPath& path) const {
  const auto found = by_path_.find(key_of(path));
  if (found == by_path_.end()) return {};
  return {found->second, slots_[found->second].generation};
}

Peer* PeerTable::get(PeerId id) {
  if (id.slot == 0 || id.slot >= slots_.size()) return nullptr;
  Peer& peer = slots_[id.slot];
  return peer.in_use && peer.generation == id.generation ? &peer : nullptr;
}

PeerId PeerTable::insert(const DatagramPath& path, TimePoint now, PeerId& evicted) {
  if (by_path_.size() >= most_) {
    evicted = oldest();
    if (!evicted) return {};
    erase(evicted);
  }
  std::uint32_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  Peer& peer = slots_[slot];
  peer.path = path;
  peer.in_use = true;
  peer.next_mid = random_mid();
  peer.last_heard = now;
  by_path_.emplace(key_of(path), slot);
  link_newest(slot);
  return {slot, peer.generation};
}

void PeerTable::touch(PeerId id, const DatagramPath& path, TimePoint now) {
  Peer& peer = slots_[id.slot];
  if (path.local_ip != decltype(path.local_ip){}) peer.path = path;
  peer.last_heard = now;
  if (peer.pins > 0 || newest_ == id.slot) return;
  unlink(id.slot);
  link_newest(id.slot);
}

void PeerTable::pin(PeerId id) {
  if (slots_[id.slot].pins++ == 0) unlink(id.slot);
}

void PeerTable::unpin(PeerId id) {
  Peer* const peer = get(id);
  if (peer != nullptr && --peer->pins == 0) link_newest(id.slot);
}

void PeerTable::erase(PeerId id) {
  Peer& peer = slots_[id.slot];
  by_path_.erase(key_of(peer.path));
  if (peer.pins == 0) unlink(id.slot);
  const std::uint32_t generation = peer.generation + 1;
  peer = Peer();
  peer.generation = generation;
  free_.push_back(id.slot);
}

void PeerTable::link_newest(std::uint32_t slot) {
  Peer& peer = slots_[slot];
  peer.newer = 0;
  peer.older = newest_;
  if (newest_ != 0) slots_[newest_].newer = slot;
  newest_ = slot;
  if (oldest_ == 0) oldest_ = slot;
}

void PeerTable::unlink(std::uint32_t slot) {
  const Peer& peer = slots_[slot];
  if (peer.newer != 0) {
    slots_[peer.newer].older = peer.older;
  } else {
    newest_ = peer.older;
  }
  if (peer.older != 0) {
    slots_[peer.older].newer = peer.newer;
  } else {
    oldest_ = peer.newer;
  }
}

}  // namespace sluice::coap

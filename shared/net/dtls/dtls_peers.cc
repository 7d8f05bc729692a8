// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_peers.h"

#include <cstring>
#include <utility>

#include "shared/net/dtls/dtls_probe.h"

namespace sluice {

DtlsPeerKey dtls_peer_key(const DatagramPath& path) {
  DtlsPeerKey key{};
  const SocketAddress& remote = path.remote;
  const bool link_local = remote.ip[0] == 0xFE && (remote.ip[1] & 0xC0U) == 0x80;
  const std::uint32_t interface = link_local ? path.interface : 0;
  std::memcpy(key.data(), remote.ip.data(), 16);
  std::memcpy(key.data() + 16, &remote.port, 2);
  std::memcpy(key.data() + 18, &interface, 4);
  return key;
}

DtlsPeers::~DtlsPeers() { dtls_probe().associations.add(-static_cast<std::int64_t>(associations_)); }

DtlsPeer* DtlsPeers::find(const DatagramPath& path) {
  const auto found = peers_.find(dtls_peer_key(path));
  return found != peers_.end() ? &found->second : nullptr;
}

const DtlsPeer* DtlsPeers::find(const DatagramPath& path) const {
  const auto found = peers_.find(dtls_peer_key(path));
  return found != peers_.end() ? &found->second : nullptr;
}

DtlsAssociation* DtlsPeers::current(const DatagramPath& path) const {
  const DtlsPeer* const peer = find(path);
  return peer != nullptr ? peer->current.get() : nullptr;
}

DtlsAssociation* DtlsPeers::next(const DatagramPath& path) const {
  const DtlsPeer* const peer = find(path);
  return peer != nullptr ? peer->next.get() : nullptr;
}

DtlsAssociation& DtlsPeers::begin(std::unique_ptr<DtlsAssociation> association) {
  DtlsAssociation& begun = *association;
  peers_[dtls_peer_key(begun.path)].next = std::move(association);
  if (begun.engine->is_server()) begun.engine->place = handshakes_.insert(handshakes_.end(), &begun);
  return begun;
}

std::unique_ptr<DtlsAssociation> DtlsPeers::promote(DtlsAssociation& association) {
  if (association.engine->is_server()) handshakes_.erase(association.engine->place);
  DtlsPeer& peer = *find(association.path);
  std::unique_ptr<DtlsAssociation> old = std::exchange(peer.current, std::move(peer.next));
  if (old == nullptr) {
    ++associations_;
    dtls_probe().associations.add(1);
  }
  return old;
}

std::unique_ptr<DtlsAssociation> DtlsPeers::take_out(DtlsAssociation& association) {
  const auto found = peers_.find(dtls_peer_key(association.path));
  DtlsPeer& peer = found->second;
  const bool unfinished = peer.next.get() == &association;
  std::unique_ptr<DtlsAssociation> taken = std::move(unfinished ? peer.next : peer.current);
  if (!unfinished) {
    --associations_;
    dtls_probe().associations.add(-1);
  } else if (association.engine->is_server()) {
    handshakes_.erase(association.engine->place);
  }
  if (peer.current == nullptr && peer.next == nullptr) peers_.erase(found);
  return taken;
}

void DtlsPeers::for_each(const std::function<void(DtlsAssociation&)>& visit) {
  for (auto& [key, peer] : peers_) {
    if (peer.current != nullptr) visit(*peer.current);
    if (peer.next != nullptr) visit(*peer.next);
  }
}

DtlsAssociation* DtlsPeers::oldest_handshake() const { return handshakes_.empty() ? nullptr : handshakes_.front(); }

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/text_hash.h"
#include "shared/net/datagram.h"
#include "shared/net/dtls/dtls_association.h"

namespace sluice {

/// Address and port, and for a link-local address the interface: where a peer is.
using DtlsPeerKey = std::array<char, 22>;
DtlsPeerKey dtls_peer_key(const DatagramPath& path);

/// A peer's association, and the one that is being made beside it: a client that has restarted, or somebody at its
/// address, harms the old one only by finishing a handshake [RFC 6347 4.2.8].
struct DtlsPeer {
  std::unique_ptr<DtlsAssociation> current;
  std::unique_ptr<DtlsAssociation> next;
};

/// The associations of one port by address, in constant time, and its unfinished handshakes as server in order of age:
/// how many it begins as client is its owner's affair.
/// Owner: the port. Thread: the shard.
class DtlsPeers {
 public:
  DtlsPeers() = default;
  ~DtlsPeers();

  /// nullptr: neither of the two. Valid until the table changes.
  [[nodiscard]] DtlsPeer* find(const DatagramPath& path);
  [[nodiscard]] const DtlsPeer* find(const DatagramPath& path) const;
  /// nullptr: there is none.
  [[nodiscard]] DtlsAssociation* current(const DatagramPath& path) const;
  [[nodiscard]] DtlsAssociation* next(const DatagramPath& path) const;

  /// A handshake begins. Requires: no other is under way with its peer.
  DtlsAssociation& begin(std::unique_ptr<DtlsAssociation> association);
  /// The handshake is finished: returns the association that it takes the place of, if there was one.
  std::unique_ptr<DtlsAssociation> promote(DtlsAssociation& association);
  /// Takes it out, whichever it is.
  std::unique_ptr<DtlsAssociation> take_out(DtlsAssociation& association);
  void for_each(const std::function<void(DtlsAssociation&)>& visit);

  /// nullptr: none is unfinished.
  [[nodiscard]] DtlsAssociation* oldest_handshake() const;
  [[nodiscard]] std::size_t associations() const { return associations_; }
  [[nodiscard]] std::size_t handshakes() const { return handshakes_.size(); }

 private:
  struct KeyHash {
    using is_avalanching = void;
    std::size_t operator()(const DtlsPeerKey& key) const { return SharedTextHash()({key.data(), key.size()}); }
  };

  boost::unordered_flat_map<DtlsPeerKey, DtlsPeer, KeyHash> peers_;
  std::list<DtlsAssociation*> handshakes_;  ///< as server, the oldest first
  std::size_t associations_ = 0;
};

}  // namespace sluice

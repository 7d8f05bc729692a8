// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shared/net/address.h"
#include "shared/net/transport.h"

namespace sluice {

/// Between which two addresses a datagram travels. An answer goes back the same way: from the address to which the
/// question was sent, also on a host with many.
struct DatagramPath {
  SocketAddress remote;
  std::array<std::uint8_t, 16> local_ip{};  ///< unspecified (all zero): the kernel chooses; after a group: its choice
  std::uint32_t interface = 0;              ///< the kernel's index, where an address is link-local; 0: any

  friend bool operator==(const DatagramPath&, const DatagramPath&) = default;
};

struct Datagram {
  DatagramPath path;
  std::span<const std::byte> bytes;
  bool multicast = false;  ///< it was sent to a group or to everybody
};

/// What a DatagramPort tells its owner, on its shard; never from within a call of the owner's.
class DatagramEvents {
 public:
  /// `datagram.bytes` are valid during the call only.
  virtual void on_datagram(const Datagram& datagram) = 0;
  /// DTLS only: the association with this peer is gone (closed, failed, timed out, or the peer has made another one).
  /// Whatever was agreed under it is void [RFC 7252 9.1.1]; nothing can be sent until there is another.
  virtual void on_association_ended(const DatagramPath& path) { static_cast<void>(path); }

 protected:
  ~DatagramEvents() = default;
};

/// One shard's part of a UDP or DTLS listener: whole datagrams to and from any number of peers.
/// Owner: its listener. Thread: its shard.
class DatagramPort {
 public:
  /// Copies; leaves at the end of the turn, in one system call with everything else. What the network, the kernel or a
  /// missing association loses is lost, and counted.
  virtual void send(const DatagramPath& path, std::span<const std::byte> bytes) = 0;
  /// What the peer of the association proved; null without DTLS or without an association.
  [[nodiscard]] virtual std::shared_ptr<const TlsIdentity> identity(const DatagramPath& path) const = 0;
  /// True for DTLS: the peer's address is verified, and what it says is protected.
  [[nodiscard]] virtual bool secure() const = 0;
  /// Where the listener is bound.
  [[nodiscard]] virtual const SocketAddress& bound() const = 0;

 protected:
  ~DatagramPort() = default;
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <optional>

namespace sluice::bench::coap {

/// A peer of the server, counted from 0: one address of 127.0.0.0/8, so that one socket can be very many peers.
using Peer = std::uint32_t;

inline constexpr std::uint32_t kFirstAddress = 0x7F010000;  ///< 127.1.0.0: not one that others listen on
inline constexpr Peer kMostPeers = 0x00FE0000;              ///< up to 127.254.255.255; the last network has broadcast

[[nodiscard]] inline in_addr address_of(Peer peer) { return {.s_addr = htonl(kFirstAddress + peer)}; }

/// nullopt: the address is no peer's.
[[nodiscard]] inline std::optional<Peer> peer_of(in_addr address) {
  const std::uint32_t number = ntohl(address.s_addr) - kFirstAddress;
  return number < kMostPeers ? std::optional(number) : std::nullopt;
}

}  // namespace sluice::bench::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/net/access_rules.h"
#include "shared/net/address.h"

namespace sluice {

/// A multicast group that a listener joins.
struct MulticastGroup {
  SocketAddress address;  ///< port unused
  std::string interface;  ///< "eth0"; empty: the kernel chooses by its routes

  /// "224.0.1.187", "ff02::fd%eth0"; nullopt: not the address of a group.
  static std::optional<MulticastGroup> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

/// Everything one UDP listener needs to know.
struct UdpSettings {
  std::string name;     ///< for people: "coap:udp:1"
  std::string key;      ///< for messages: "coap.bind.udp.1"
  std::string address;  ///< as written: "5683", "127.0.0.1:0", "[::]:5683"

  AccessRules access;                  ///< on the address of the peer, datagram by datagram
  std::uint32_t max_datagram = 2048;   ///< bytes; larger ones are dropped
  std::string max_datagram_key;        ///< for messages; empty: `key`
  std::uint32_t batches_per_turn = 4;  ///< 1 or more, of up to 64 datagrams; the rest waits for the next turn
  std::uint64_t max_queued =
      1024ULL * 1024;  ///< bytes per shard, while the kernel takes no more; then they are dropped

  std::optional<std::uint64_t> recbuf;  ///< bytes per shard; unset: the kernel's default
  std::optional<std::uint64_t> sndbuf;
  std::vector<MulticastGroup> groups;  ///< only with a wildcard address
};

}  // namespace sluice

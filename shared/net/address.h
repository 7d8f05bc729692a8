// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <sys/socket.h>

namespace sluice {

/// An IP address and port in 18 bytes; IPv4 is kept as an IPv4-mapped IPv6 address.
struct SocketAddress {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;

  static SocketAddress from(const sockaddr_storage& address);
  [[nodiscard]] bool is_v4() const;
  /// "192.0.2.1" or "2001:db8::1".
  [[nodiscard]] std::string ip_string() const;
  /// "192.0.2.1:1883" or "[2001:db8::1]:1883".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

}  // namespace sluice

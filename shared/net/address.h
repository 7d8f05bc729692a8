// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace sluice {

/// An IP address and port in 18 bytes; IPv4 is kept as an IPv4-mapped IPv6 address.
struct SocketAddress {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;

  /// Families other than IPv4 and IPv6 give the unspecified address.
  static SocketAddress from(const sockaddr_storage& address);
  /// "192.0.2.1" or "2001:db8::1", without a port.
  static std::optional<SocketAddress> parse_ip(std::string_view text);
  /// What a listener's key holds: "1883" (every IPv4 address), "127.0.0.1:1883", "[::1]:1883", "::1:1883".
  static std::optional<SocketAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_unspecified() const;
  /// "192.0.2.1" or "2001:db8::1".
  [[nodiscard]] std::string ip_string() const;
  /// "192.0.2.1:1883" or "[2001:db8::1]:1883".
  [[nodiscard]] std::string to_string() const;
  /// Fills `out` for bind() or connect() and returns its length.
  socklen_t to_sockaddr(sockaddr_storage& out) const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

/// The two ends of a connected socket; the unspecified address where the kernel knows none.
SocketAddress local_address(int fd);
SocketAddress remote_address(int fd);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>

namespace sluice {

/// An address as SocketAddress and DatagramPath keep it: IPv4 is IPv4-mapped.
using IpBytes = std::array<std::uint8_t, 16>;

inline bool is_v4(const IpBytes& ip) {
  static constexpr IpBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(ip.data(), kMapped.data(), 12) == 0;
}

/// 224.0.0.0/4, ff00::/8
inline bool is_group(const IpBytes& ip) { return is_v4(ip) ? (ip[12] & 0xf0U) == 0xe0 : ip[0] == 0xff; }

/// 169.254.0.0/16, fe80::/10: unique on one interface only.
inline bool is_link_local(const IpBytes& ip) {
  if (is_v4(ip)) return ip[12] == 169 && ip[13] == 254;
  return ip[0] == 0xfe && (ip[1] & 0xc0U) == 0x80;
}

inline IpBytes ip_bytes(const in_addr& v4) {
  IpBytes ip{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::memcpy(&ip[12], &v4, sizeof v4);
  return ip;
}

inline IpBytes ip_bytes(const in6_addr& v6) {
  IpBytes ip;
  std::memcpy(ip.data(), &v6, sizeof v6);
  return ip;
}

}  // namespace sluice

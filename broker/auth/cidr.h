// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/net/address.h"

namespace sluice::auth {

/// A range of addresses: "127.0.0.1", "10.0.0.0/8", "2001:db8::/32". Bits behind the prefix are ignored, as EMQ does.
/// IPv4 lies in the IPv4-mapped part of IPv6: 0.0.0.0/0 means every IPv4 address and no other.
class Cidr {
 public:
  static std::optional<Cidr> parse(std::string_view text);
  [[nodiscard]] bool contains(const SocketAddress& address) const;

 private:
  std::array<std::uint8_t, 16> base_{};
  std::uint8_t bits_ = 0;  ///< 0…128, of the mapped address
};

}  // namespace sluice::auth

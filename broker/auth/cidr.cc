// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/cidr.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <string>

namespace sluice::auth {

namespace {

constexpr std::uint8_t kV4Prefix = 96;

std::optional<std::uint8_t> parse_bits(std::string_view text, std::uint8_t most) {
  std::uint8_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc{} || end != text.data() + text.size() || bits > most) return std::nullopt;
  return bits;
}

}  // namespace

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (address.find('\0') != std::string::npos) return std::nullopt;

  Cidr range;
  const bool v4 = inet_pton(AF_INET, address.c_str(), &range.base_[12]) == 1;
  if (v4) {
    range.base_[10] = range.base_[11] = 0xFF;
  } else if (inet_pton(AF_INET6, address.c_str(), range.base_.data()) != 1) {
    return std::nullopt;
  }
  range.bits_ = 128;
  if (slash != std::string_view::npos) {
    const auto bits = parse_bits(text.substr(slash + 1), v4 ? 32 : 128);
    if (!bits) return std::nullopt;
    range.bits_ = v4 ? static_cast<std::uint8_t>(*bits + kV4Prefix) : *bits;
  }
  return range;
}

bool Cidr::contains(const SocketAddress& address) const {
  const std::size_t bytes = bits_ / 8U;
  if (!std::equal(base_.begin(), base_.begin() + static_cast<std::ptrdiff_t>(bytes), address.ip.begin())) return false;
  const unsigned rest = bits_ % 8U;
  return rest == 0 || ((base_[bytes] ^ address.ip[bytes]) >> (8U - rest)) == 0;
}

}  // namespace sluice::auth

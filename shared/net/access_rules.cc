// SPDX-License-Identifier: Apache-2.0
#include "shared/net/access_rules.h"

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

constexpr std::uint8_t kMappedBits = 96;  ///< of an IPv4 address's mapped form, before its own

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::uint8_t> parse_prefix(std::string_view text, bool v4) {
  std::uint8_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || bits > (v4 ? 32 : 128)) {
    return std::nullopt;
  }
  return v4 ? static_cast<std::uint8_t>(bits + kMappedBits) : bits;
}

}  // namespace

std::optional<AccessRule> AccessRule::parse(std::string_view text) {
  text = trim(text);
  AccessRule rule;
  const std::size_t space = text.find_first_of(" \t");
  const std::string_view verdict = text.substr(0, space);
  if (space == std::string_view::npos || (verdict != "allow" && verdict != "deny")) return std::nullopt;
  rule.allow = verdict == "allow";
  const std::string_view whom = trim(text.substr(space));
  if (whom == "all") {
    rule.any = true;
    return rule;
  }
  const std::size_t slash = whom.find('/');
  const auto network = SocketAddress::parse_ip(whom.substr(0, slash));
  if (!network) return std::nullopt;
  rule.network = *network;
  rule.prefix_bits = 128;
  if (slash != std::string_view::npos) {
    const auto bits = parse_prefix(whom.substr(slash + 1), network->is_v4());
    if (!bits) return std::nullopt;
    rule.prefix_bits = *bits;
  }
  return rule;
}

bool AccessRule::matches(const SocketAddress& address) const {
  if (any) return true;
  const std::size_t bytes = prefix_bits / 8;
  if (!std::equal(network.ip.begin(), network.ip.begin() + static_cast<std::ptrdiff_t>(bytes), address.ip.begin())) {
    return false;
  }
  const unsigned rest = prefix_bits % 8U;
  if (rest == 0) return true;
  const unsigned mask = 0xffU & (0xffU << (8U - rest));
  return (network.ip[bytes] & mask) == (address.ip[bytes] & mask);
}

bool AccessRules::allows(const SocketAddress& address) const {
  if (rules_.empty()) return true;
  const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                 [&address](const AccessRule& candidate) { return candidate.matches(address); });
  return rule != rules_.end() ? rule->allow : !rules_.back().allow;
}

}  // namespace sluice

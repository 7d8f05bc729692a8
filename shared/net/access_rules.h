// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/net/address.h"

namespace sluice {

/// One `access.N = allow|deny all|CIDR` of a listener.
struct AccessRule {
  bool allow = true;
  SocketAddress network;         ///< port unused
  std::uint8_t prefix_bits = 0;  ///< of the 128-bit (mapped) address; 0 with `any`
  bool any = false;              ///< "all"

  /// "allow 192.168.0.0/24", "deny all", "allow ::1"; nullopt: not a rule.
  static std::optional<AccessRule> parse(std::string_view text);
  [[nodiscard]] bool matches(const SocketAddress& address) const;
};

/// The rules of a listener in the order of their numbers: the first that matches decides.
/// None matches: the opposite of the last rule, so that a list of allowed networks refuses the rest and a list of
/// denied ones lets the rest in. No rules: everybody.
/// Thread safety: const access from any thread.
class AccessRules {
 public:
  AccessRules() = default;
  explicit AccessRules(std::vector<AccessRule> rules) : rules_(std::move(rules)) {}
  [[nodiscard]] bool allows(const SocketAddress& address) const;

 private:
  std::vector<AccessRule> rules_;
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/udp_settings.h"

#include "shared/net/udp/ip_scope.h"

namespace sluice {

std::optional<MulticastGroup> MulticastGroup::parse(std::string_view text) {
  const std::size_t percent = text.find('%');
  const auto address = SocketAddress::parse_ip(text.substr(0, percent));
  if (!address || !is_group(address->ip)) return std::nullopt;
  MulticastGroup group{.address = *address, .interface = {}};
  if (percent == std::string_view::npos) return group;
  group.interface = text.substr(percent + 1);
  if (group.interface.empty()) return std::nullopt;
  return group;
}

std::string MulticastGroup::to_string() const {
  return interface.empty() ? address.ip_string() : address.ip_string() + '%' + interface;
}

}  // namespace sluice

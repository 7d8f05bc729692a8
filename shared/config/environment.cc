// SPDX-License-Identifier: Apache-2.0
// The environment layer of ConfigStore.
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "shared/config/store.h"

namespace sluice {
namespace {

/// The manual's variables (§5.3).
constexpr std::array kShortNames{KeyAlias{"EMQ_NODE_NAME", "node.name"},
                                 KeyAlias{"EMQ_NODE_COOKIE", "node.cookie"},
                                 KeyAlias{"EMQ_MAX_PORTS", "node.max_ports"},
                                 KeyAlias{"EMQ_TCP_PORT", "listener.tcp.external"},
                                 KeyAlias{"EMQ_SSL_PORT", "listener.ssl.external"},
                                 KeyAlias{"EMQ_WS_PORT", "listener.ws.external"},
                                 KeyAlias{"EMQ_WSS_PORT", "listener.wss.external"}};

/// MQTT__MAX_PACKET_SIZE → mqtt.max_packet_size
std::string key_of(std::string_view variable) {
  std::string key;
  for (std::size_t i = 0; i < variable.size(); ++i) {
    const char c = variable[i];
    if (c == '_' && i + 1 < variable.size() && variable[i + 1] == '_') {
      key += '.';
      ++i;
    } else {
      key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return key;
}

/// A bare port keeps the address that the listener has already: EMQ_TCP_PORT=2883 does not open 127.0.0.1 to the world.
std::string with_host_of(const std::optional<std::string>& before, std::string_view port) {
  const auto colon = before ? before->rfind(':') : std::string::npos;
  if (colon == std::string::npos || port.find(':') != std::string_view::npos || port == "off") return std::string(port);
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): without a value there is no colon
  return before->substr(0, colon + 1).append(port);
}

}  // namespace

void ConfigStore::load_environment(const char* const* environment) {
  for (const std::string_view prefix : {"EMQ_", "SLUICE_"}) {  // the product's own prefix wins
    for (const char* const* at = environment; at != nullptr && *at != nullptr; ++at) {
      const std::string_view variable = *at;
      const auto equals = variable.find('=');
      if (equals == std::string_view::npos || !variable.starts_with(prefix)) continue;
      load_variable(variable.substr(0, equals), prefix.size(), variable.substr(equals + 1));
    }
  }
}

void ConfigStore::load_variable(std::string_view name, std::size_t prefix, std::string_view value) {
  const auto where = fmt::format("environment {}", name);
  for (const auto& known : kShortNames) {
    if (known.old_name != name) continue;
    set(known.name, name.ends_with("_PORT") ? with_host_of(raw(known.name), value) : std::string(value), where);
    return;
  }
  // Every key has a dot; other variables with these prefixes belong to somebody else (SLUICE_PORT of a container host).
  if (name.find("__") != std::string_view::npos) set(key_of(name.substr(prefix)), value, where);
}

}  // namespace sluice

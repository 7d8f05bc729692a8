// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_settings.h"

#include <string_view>

#include "gateways/websocket/ws_config.h"
#include "shared/config/store.h"

namespace sluice::ws {
namespace {

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const auto first = one.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    one = one.substr(first, one.find_last_not_of(" \t") - first + 1);
    result.emplace_back(one);
  }
  return result;
}

}  // namespace

WsSettings load(const ConfigStore& store, Kind kind, std::string_view name) {
  const WsKeys& keys = kind == Kind::Ws ? kWsKeys : kWssKeys;
  WsSettings settings;
  settings.routes = {{"mqtt", store.get(keys.path, {name})}, {"stomp", store.get(keys.stomp_path, {name})}};
  settings.origins = split_list(store.get(keys.origins, {name}));
  settings.proxy_address_header = store.get(keys.proxy_address_header, {name});
  settings.proxy_port_header = store.get(keys.proxy_port_header, {name});
  settings.deflate.enabled = store.get(keys.deflate, {name});
  settings.deflate.max_clients = store.get(keys.deflate_max_clients, {name});
  settings.request_timeout = store.get(keys.request_timeout, {name});
  settings.ping_interval = store.get(keys.ping_interval, {name});
  settings.max_header_bytes = store.get(keys.max_header_size, {name}).bytes;
  settings.max_message_bytes = store.get(keys.max_message_size, {name}).bytes;
  settings.max_backlog_bytes = store.get(keys.max_backlog, {name}).bytes;
  return settings;
}

}  // namespace sluice::ws

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/listener_config.h"

#include <utility>
#include <vector>

namespace sluice {
namespace {

AccessRules access_rules(const ConfigStore& store, const SocketKeys& keys, std::string_view name) {
  std::vector<AccessRule> rules;
  std::string pattern = ConfigStore::expand(keys.address.name, {name});
  pattern += ".access.$id";
  for (const std::string& id : store.names(pattern)) {
    if (const auto rule = AccessRule::parse(store.get(keys.access, {name, id}))) rules.push_back(*rule);
  }
  return AccessRules(std::move(rules));
}

std::optional<std::uint64_t> size_or_none(ByteSize size) {
  return size.bytes == 0 ? std::nullopt : std::optional(size.bytes);
}

TlsSettings tls_settings(const ConfigStore& store, std::string_view name, const TlsKeys& keys,
                         const PathResolver& resolve) {
  const auto file = [&](const Property<std::string_view>& key) {
    const std::string text = store.get(key, {name});
    return text.empty() ? text : resolve(text);
  };
  return {.certfile = file(keys.certfile),
          .keyfile = file(keys.keyfile),
          .cacertfile = file(keys.cacertfile),
          .dhfile = file(keys.dhfile),
          .tls_versions = store.get(keys.tls_versions, {name}),
          .ciphers = store.get(keys.ciphers, {name}),
          .verify_peer = store.get(keys.verify, {name}) == "verify_peer",
          .fail_if_no_peer_cert = store.get(keys.fail_if_no_peer_cert, {name}),
          .honor_cipher_order = store.get(keys.honor_cipher_order, {name}),
          .reuse_sessions = store.get(keys.reuse_sessions, {name}),
          .psk_key = {}};
}

}  // namespace

ListenerSettings listener_settings(const ConfigStore& store, std::string_view label, std::string_view name,
                                   const SocketKeys& keys, const TlsKeys* tls, const PathResolver& resolve) {
  ListenerSettings settings;
  settings.name = std::string(label) + ':' + std::string(name);
  settings.key = ConfigStore::expand(keys.address.name, {name});
  settings.address = store.get(keys.address, {name});
  settings.acceptors = store.get(keys.acceptors, {name});
  settings.max_clients = store.get(keys.max_clients, {name});
  settings.connection_rate = store.get(keys.max_conn_rate, {name});
  settings.access = access_rules(store, keys, name);
  settings.rate_limit = RateLimit::parse(store.get(keys.rate_limit, {name})).value_or(RateLimit{});
  settings.backlog = store.get(keys.backlog, {name});
  settings.reuseaddr = store.get(keys.reuseaddr, {name});
  settings.nodelay = store.get(keys.nodelay, {name});
  settings.recbuf = size_or_none(store.get(keys.recbuf, {name}));
  settings.sndbuf = size_or_none(store.get(keys.sndbuf, {name}));
  settings.send_timeout = store.get(keys.send_timeout, {name});
  settings.send_timeout_close = store.get(keys.send_timeout_close, {name});
  settings.linger = store.get(keys.close_timeout, {name});
  settings.proxy_protocol = store.get(keys.proxy_protocol, {name});
  settings.proxy_protocol_timeout = store.get(keys.proxy_protocol_timeout, {name});
  if (tls != nullptr) {
    settings.tls = tls_settings(store, name, *tls, resolve);
    settings.handshake_timeout = store.get(tls->handshake_timeout, {name});
  }
  return settings;
}

bool listener_enabled(const ConfigStore& store, const SocketKeys& keys, std::string_view name) {
  const std::string address = store.get(keys.address, {name});
  return !address.empty() && address != "off";
}

}  // namespace sluice

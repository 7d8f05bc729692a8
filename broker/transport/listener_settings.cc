// SPDX-License-Identifier: Apache-2.0
#include "broker/transport/listener_settings.h"

#include <string>
#include <utility>

#include "broker/transport/transport_config.h"

namespace sluice::transport {
namespace {

CertUsername cert_username(std::string_view text) {
  if (text == "cn") return CertUsername::CommonName;
  return text == "dn" ? CertUsername::DistinguishedName : CertUsername::None;
}

void append(std::vector<MqttListenerSettings>& all, const ConfigStore& store, std::string_view label,
            const SocketKeys& keys, const TlsKeys* tls, const PathResolver& resolve, const PskLookup& psk) {
  for (const std::string& name : store.names(keys.address.name)) {
    if (!listener_enabled(store, keys, name)) continue;
    ListenerSettings settings = sluice::listener_settings(store, label, name, keys, tls, resolve);
    if (settings.tls) settings.tls->psk_key = psk;
    auto traits = listener_traits(store, keys, name, settings.name);
    all.push_back({std::move(settings), std::move(traits)});
  }
}

}  // namespace

std::vector<MqttListenerSettings> mqtt_listener_settings(const ConfigStore& store, const PathResolver& resolve,
                                                         const PskLookup& psk) {
  std::vector<MqttListenerSettings> all;
  append(all, store, "mqtt:tcp", kTcpKeys, nullptr, resolve, psk);
  append(all, store, "mqtt:ssl", kSslKeys, &kSslTlsKeys, resolve, psk);
  return all;
}

std::shared_ptr<const ListenerTraits> listener_traits(const ConfigStore& store, const SocketKeys& keys,
                                                      std::string_view name, std::string_view full_name) {
  auto traits = std::make_shared<ListenerTraits>();
  traits->name = full_name;
  traits->mountpoint = store.get(keys.mountpoint, {name});
  traits->zone = store.get(keys.zone, {name});
  traits->cert_username = cert_username(store.get(keys.peer_cert_as_username, {name}));
  return traits;
}

}  // namespace sluice::transport

// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/coap_listeners.h"

#include <utility>

#include "gateways/coap/coap_config.h"
#include "shared/config/store.h"

namespace sluice::coap {
namespace {

AccessRules access_rules(const ConfigStore& store) {
  std::vector<AccessRule> rules;
  for (const std::string& id : store.names(kAccess.name)) {
    if (const auto rule = AccessRule::parse(store.get(kAccess, {id}))) rules.push_back(*rule);
  }
  return AccessRules(std::move(rules));
}

std::vector<MulticastGroup> groups(std::string_view list) {
  std::vector<MulticastGroup> all;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (auto group = MulticastGroup::parse(one)) all.push_back(std::move(*group));
  }
  return all;
}

bool is_wildcard(std::string_view address) {
  const auto parsed = SocketAddress::parse(address);
  return parsed && (parsed->is_unspecified());
}

/// What the listener says, or else what holds for all.
Compat compat_of(const ConfigStore& store, const Property<std::string_view>& key, const std::string& name) {
  const std::string own = store.get(key, {name});
  const std::string text = own.empty() ? store.get(kCompat) : own;
  if (text == "emq2") return Compat::Emq2;
  return text == "emq4" ? Compat::Emq4 : Compat::Strict;
}

UdpSettings udp_settings(const ConfigStore& store, const Property<std::string_view>& key, std::string_view label,
                         const std::string& name) {
  UdpSettings udp;
  udp.name = std::string(label) + ':' + name;
  udp.key = ConfigStore::expand(key.name, {name});
  udp.address = store.get(key, {name});
  udp.access = access_rules(store);
  udp.max_datagram = store.get(kMaxDatagram);
  udp.max_datagram_key = kMaxDatagram.name;
  if (is_wildcard(udp.address)) udp.groups = groups(store.get(kMulticast));
  return udp;
}

DtlsSettings dtls_settings(const ConfigStore& store, const PathResolver& resolve, std::size_t shards,
                           const PskLookup& psk) {
  const auto file = [&](const Property<std::string_view>& key) {
    const std::string name = store.get(key);
    return name.empty() ? name : resolve(name);
  };
  DtlsSettings dtls;
  dtls.certfile = file(kTlsKeys.certfile);
  dtls.keyfile = file(kTlsKeys.keyfile);
  dtls.cacertfile = file(kTlsKeys.cacertfile);
  dtls.crlfile = file(kCrlFile);
  dtls.ciphers = store.get(kTlsKeys.ciphers);
  dtls.verify_peer = store.get(kTlsKeys.verify) == "verify_peer";
  dtls.fail_if_no_peer_cert = store.get(kTlsKeys.fail_if_no_peer_cert);
  dtls.psk_key = psk;
  dtls.limits_key = "dtls";
  dtls.session_timeout = std::chrono::ceil<std::chrono::seconds>(store.get(kDtlsSessionTimeout));
  dtls.handshake_timeout = store.get(kTlsKeys.handshake_timeout);
  dtls.max_associations = (store.get(kDtlsMaxAssociations) + shards - 1) / shards;
  dtls.max_handshakes = (store.get(kDtlsMaxHandshakes) + shards - 1) / shards;
  return dtls;
}

void add_streams(CoapListenerSettings& all, const ConfigStore& store, std::string_view label, const SocketKeys& keys,
                 const Property<std::string_view>& compat, const TlsKeys* tls, const PathResolver& resolve,
                 const PskLookup& psk) {
  for (const std::string& name : store.names(keys.address.name)) {
    if (!listener_enabled(store, keys, name)) continue;
    ListenerSettings settings = listener_settings(store, label, name, keys, tls, resolve);
    settings.access = access_rules(store);
    if (settings.tls) settings.tls->psk_key = psk;
    all.streams.push_back({std::move(settings), compat_of(store, compat, name)});
  }
}

}  // namespace

CoapListenerSettings load_listeners(const ConfigStore& store, const PathResolver& resolve, std::size_t shards,
                                    const PskLookup& psk) {
  CoapListenerSettings all;
  all.mountpoint = store.get(kMountpoint);
  const auto enabled = [&](const Property<std::string_view>& key, const std::string& name) {
    const std::string address = store.get(key, {name});
    return !address.empty() && address != "off";
  };
  for (const std::string& name : store.names(kBindUdp.name)) {
    if (enabled(kBindUdp, name))
      all.datagrams.push_back(
          {udp_settings(store, kBindUdp, "coap:udp", name), compat_of(store, kUdpCompat, name), std::nullopt});
  }
  for (const std::string& name : store.names(kBindDtls.name)) {
    if (!enabled(kBindDtls, name)) continue;
    DatagramListenerSettings one{udp_settings(store, kBindDtls, "coap:dtls", name), compat_of(store, kDtlsCompat, name),
                                 dtls_settings(store, resolve, shards, psk)};
    one.dtls->name = one.udp.name;
    all.datagrams.push_back(std::move(one));
  }
  add_streams(all, store, "coap:tcp", kTcpSocketKeys, kTcpCompat, nullptr, resolve, psk);
  add_streams(all, store, "coap:tls", kTlsSocketKeys, kTlsCompat, &kTlsKeys, resolve, psk);
  return all;
}

}  // namespace sluice::coap

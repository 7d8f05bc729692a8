// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/listener_notices.h"

#include <utility>

#include <fmt/format.h>

#include "broker/transport/transport_config.h"
#include "gateways/websocket/ws_config.h"
#include "shared/config/check.h"
#include "shared/net/listener_config.h"

namespace sluice::app {
namespace {

class Collector {
 public:
  explicit Collector(const ConfigStore& store) : store_(store) {}

  std::vector<std::string> run() {
    collect(transport::kTcpKeys, nullptr);
    collect(transport::kSslKeys, &transport::kSslTlsKeys);
    collect(ws::kWsSocketKeys, nullptr);
    collect(ws::kWssSocketKeys, &ws::kWssTlsKeys);
    return std::move(notices_);
  }

 private:
  void collect(const SocketKeys& socket, const TlsKeys* tls) {
    for (const std::string& name : store_.names(socket.address.name)) {
      if (!listener_enabled(store_, socket, name)) continue;
      note_certificate_names(socket, tls, name);
      if (tls != nullptr) note_versions(*tls, name);
    }
  }

  void add(const Property<std::string_view>& property, const std::string& name, std::string_view what) {
    const std::string key = ConfigStore::expand(property.name, {name});
    notices_.push_back(fmt::format("{}: {}: {}", store_.origin(key), key, what));
  }

  void note_certificate_names(const SocketKeys& socket, const TlsKeys* tls, const std::string& name) {
    if (store_.get(socket.peer_cert_as_username, {name}).empty() || store_.get(socket.proxy_protocol, {name})) return;
    if (tls == nullptr) {
      return add(socket.peer_cert_as_username, name, "has no effect: without TLS, only proxy_protocol brings a name");
    }
    if (store_.get(tls->verify, {name}) == "verify_peer") return;
    add(socket.peer_cert_as_username, name,
        fmt::format("has no effect: no client is asked for a certificate; set {} = verify_peer",
                    ConfigStore::expand(tls->verify.name, {name})));
  }

  void note_versions(const TlsKeys& tls, const std::string& name) {
    for (const std::string& version : broken_tls_versions(store_.get(tls.tls_versions, {name}))) {
      add(tls.tls_versions, name, fmt::format("{} is not offered: it is broken; the oldest is tlsv1.2", version));
    }
  }

  const ConfigStore& store_;
  std::vector<std::string> notices_;
};

}  // namespace

std::vector<std::string> listener_notices(const ConfigStore& store) { return Collector(store).run(); }

}  // namespace sluice::app

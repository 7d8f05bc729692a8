// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/cross_check.h"

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/auth/auth_config.h"
#include "broker/management/management_config.h"
#include "broker/session/session_config.h"
#include "broker/transport/transport_config.h"
#include "gateways/websocket/ws_config.h"
#include "shared/config/listener_keys.h"

namespace sluice::app {
namespace {

class Checker {
 public:
  explicit Checker(const ConfigStore& store) : store_(store) {}

  std::vector<ConfigProblem> run() {
    for (const auto* keys :
         {&transport::kTcpKeys, &transport::kSslKeys, &ws::kWsSocketKeys, &ws::kWssSocketKeys, &management::kApiKeys}) {
      check_addresses(*keys);
    }
    check_certificates(transport::kSslKeys, transport::kSslTlsKeys);
    check_certificates(ws::kWssSocketKeys, ws::kWssTlsKeys);
    check_pairs(auth::kUserName, auth::kUserPassword);
    check_pairs(auth::kClientId, auth::kClientPassword);
    check_watermarks();
    return std::move(problems_);
  }

 private:
  void add(const std::string& key, std::string what) {
    problems_.push_back({store_.origin(key), key, std::move(what)});
  }

  /// Listeners whose texts are the same cannot both be opened; port 0 takes another one each time.
  void check_addresses(const SocketKeys& keys) {
    for (const auto& name : store_.names(keys.address.name)) {
      const auto key = ConfigStore::expand(keys.address.name, {name});
      const auto written = store_.get(keys.address, {name});
      if (written.empty() || written == "off") continue;
      const auto address = written.find(':') == std::string::npos ? "0.0.0.0:" + written : written;
      if (address.ends_with(":0")) continue;
      const auto [taken, is_new] = by_address_.try_emplace(address, key);
      if (!is_new) add(key, fmt::format("{} is taken by {}; choose another port, or off", address, taken->second));
    }
  }

  void check_certificates(const SocketKeys& socket, const TlsKeys& tls) {
    for (const auto& name : store_.names(socket.address.name)) {
      const bool verifies = store_.get(tls.verify, {name}) == "verify_peer";
      if (verifies && store_.get(tls.cacertfile, {name}).empty()) {
        add(ConfigStore::expand(tls.verify.name, {name}),
            fmt::format("client certificates need an authority; set {}",
                        ConfigStore::expand(tls.cacertfile.name, {name})));
      }
      if (!verifies && store_.get(tls.fail_if_no_peer_cert, {name})) {
        add(ConfigStore::expand(tls.fail_if_no_peer_cert.name, {name}),
            fmt::format("has no effect without {} = verify_peer", ConfigStore::expand(tls.verify.name, {name})));
      }
    }
  }

  void check_pairs(const Property<std::string_view>& name, const Property<std::string_view>& password) {
    std::map<std::string, std::string> by_name;
    for (const auto& id : store_.names(name.name)) {
      const auto key = ConfigStore::expand(name.name, {id});
      if (store_.get(password, {id}).empty()) {
        add(key, fmt::format("has no password; set {}", ConfigStore::expand(password.name, {id})));
      }
      const auto [taken, is_new] = by_name.try_emplace(store_.get(name, {id}), key);
      if (!is_new) add(key, fmt::format("is the same as {}; take one of them out", taken->second));
    }
    for (const auto& id : store_.names(password.name)) {
      if (!store_.get(name, {id}).empty()) continue;
      add(ConfigStore::expand(password.name, {id}),
          fmt::format("belongs to nobody; set {}", ConfigStore::expand(name.name, {id})));
    }
  }

  void check_watermarks() {
    if (store_.get(session::kQueueLowWatermark) < store_.get(session::kQueueHighWatermark)) return;
    const std::string key(session::kQueueLowWatermark.name);
    add(key, fmt::format("must be below {}", session::kQueueHighWatermark.name));
  }

  const ConfigStore& store_;
  std::map<std::string, std::string> by_address_;
  std::vector<ConfigProblem> problems_;
};

}  // namespace

std::vector<ConfigProblem> cross_check(const ConfigStore& store) { return Checker(store).run(); }

}  // namespace sluice::app

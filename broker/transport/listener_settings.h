// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/api/broker_api.h"
#include "shared/config/listener_keys.h"
#include "shared/config/store.h"
#include "shared/net/listener_config.h"

namespace sluice::transport {

/// One listener as the configuration has it: its socket, and what its clients get.
struct MqttListenerSettings {
  ListenerSettings listener;
  std::shared_ptr<const ListenerTraits> traits;
};

/// Key of a TLS-PSK identity, empty for an unknown one; unset: no PSK. Called on shards' threads.
using PskLookup = std::function<std::vector<std::byte>(std::string_view identity)>;

/// Every `listener.tcp.<name>` and `listener.ssl.<name>` that is not off, named "mqtt:tcp:<name>" and
/// "mqtt:ssl:<name>". `psk` goes to those with TLS. Requires: a store without problems.
std::vector<MqttListenerSettings> mqtt_listener_settings(const ConfigStore& store, const PathResolver& resolve,
                                                         const PskLookup& psk);

/// What clients of the listener `name` get, for MQTT and for the gateways' listeners. `full_name` is what people see:
/// "mqtt:ws:external".
std::shared_ptr<const ListenerTraits> listener_traits(const ConfigStore& store, const SocketKeys& keys,
                                                      std::string_view name, std::string_view full_name);

}  // namespace sluice::transport

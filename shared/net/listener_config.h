// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "shared/config/listener_keys.h"
#include "shared/config/store.h"
#include "shared/net/listener_settings.h"

namespace sluice {

/// Where a file name of the configuration lies ("etc/certs/key.pem" → "/opt/sluice/etc/certs/key.pem").
using PathResolver = std::function<std::string(std::string_view)>;

/// The settings of listener `name`, as the configuration has them. `label` is what people see: "mqtt:tcp" gives
/// "mqtt:tcp:external". `tls` is null for a listener without TLS; a PSK callback is the caller's to add.
/// Requires: a store without problems (the values have been checked).
ListenerSettings listener_settings(const ConfigStore& store, std::string_view label, std::string_view name,
                                   const SocketKeys& keys, const TlsKeys* tls, const PathResolver& resolve);

/// False for a listener that is not configured, or is "off".
bool listener_enabled(const ConfigStore& store, const SocketKeys& keys, std::string_view name);

}  // namespace sluice

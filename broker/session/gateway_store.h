// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "broker/api/gateway_store.h"
#include "broker/session/session_context.h"

namespace sluice::session {

/// Reads what lies under a key of all gateways' values, behind everything that was put before; `done` runs on the
/// calling shard. Requires a store.
void read_gateway_value(SessionCore& core, std::string key, std::function<void(GatewayStore::Value)> done);

/// The gateway's part of the store: its keys lie under its name, which is not `session`. Without a store, one that
/// keeps what it is given in memory.
std::unique_ptr<GatewayStore> make_gateway_store(SessionCore& core, std::string gateway);

}  // namespace sluice::session

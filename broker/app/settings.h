// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/auth/access_control.h"
#include "broker/auth/builtin_users.h"
#include "broker/mqtt/mqtt_settings.h"
#include "broker/retainer/retainer.h"
#include "broker/router/router.h"
#include "broker/session/session_settings.h"
#include "shared/config/store.h"

namespace sluice::app {

// What the modules take, read from their keys. Pure; any thread. The store has no problems.
session::SessionSettings load_session_settings(const ConfigStore& config);
mqtt::MqttSettings load_mqtt_settings(const ConfigStore& config);
retainer::RetainerSettings load_retainer_settings(const ConfigStore& config);
router::RouterSettings load_router_settings(const ConfigStore& config, std::size_t shards);
auth::AccessSettings load_access_settings(const ConfigStore& config);
auth::BuiltinUsersSettings load_username_settings(const ConfigStore& config);
auth::BuiltinUsersSettings load_clientid_settings(const ConfigStore& config);

}  // namespace sluice::app

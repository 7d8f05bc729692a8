// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/tables.h"

#include "broker/app/config/accepted_keys.h"
#include "broker/app/node_config.h"
#include "broker/auth/auth_config.h"
#include "broker/management/management_config.h"
#include "broker/mqtt/mqtt_config.h"
#include "broker/retainer/retainer_config.h"
#include "broker/session/session_config.h"
#include "broker/storage/storage_config.h"
#include "broker/transport/transport_config.h"
#include "gateways/coap/coap_config.h"
#include "gateways/websocket/ws_config.h"

namespace sluice::app {

std::vector<PropertyTable> property_tables() {
  return {kNodeTable,
          kLogTable,
          auth::kAuthTable,
          mqtt::kMqttTable,
          session::kSessionTable,
          storage::kStorageTable,
          management::kManagementTable,
          transport::kTcpTable,
          transport::kSslTable,
          ws::kWsTable,
          ws::kWssTable,
          coap::kCoapTable,
          retainer::kRetainerTable,
          auth::kAuthUsernameTable,
          auth::kAuthClientidTable,
          kAcceptedTable};
}

}  // namespace sluice::app

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/management/rest_router.h"
#include "broker/management/services.h"

namespace sluice::management {

// Each adds the paths of one resource to the router. `services` outlives the router. Shapes are those of the manual's
// chapter 13; what it does not have says so at its handler.
void add_node_paths(RestRouter& router, Services& services);
void add_figure_paths(RestRouter& router, Services& services);
void add_client_paths(RestRouter& router, Services& services);
void add_session_paths(RestRouter& router, Services& services);
void add_subscription_paths(RestRouter& router, Services& services);
void add_route_paths(RestRouter& router, Services& services);
void add_topic_paths(RestRouter& router, Services& services);
void add_listener_paths(RestRouter& router, Services& services);
void add_alarm_paths(RestRouter& router, Services& services);
void add_acl_paths(RestRouter& router, Services& services);
void add_storage_paths(RestRouter& router, Services& services);

inline void add_all_paths(RestRouter& router, Services& services) {
  for (const auto add :
       {add_node_paths, add_figure_paths, add_client_paths, add_session_paths, add_subscription_paths, add_route_paths,
        add_topic_paths, add_listener_paths, add_alarm_paths, add_acl_paths, add_storage_paths}) {
    add(router, services);
  }
}

}  // namespace sluice::management

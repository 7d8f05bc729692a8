// SPDX-License-Identifier: Apache-2.0
// Sessions, connected or not (manual 13.5).
#include "broker/management/handlers/handlers.h"
#include "broker/management/handlers/session_lists.h"

namespace sluice::management {

void add_session_paths(RestRouter& router, Services& services) {
  const auto show = [&services](const ApiCall& call) { return show_rows<SessionRows>(services, call); };
  router.add(Method::Get, "nodes/{}/sessions", on_node(services, [&services](const ApiCall& call) {
               return list_rows<SessionRows>(services, call, services.core.sessions.load(std::memory_order_relaxed));
             }));
  router.add(Method::Get, "nodes/{}/sessions/{*}", on_node(services, show));
  router.add(Method::Get, "sessions/{*}", show);
}

}  // namespace sluice::management

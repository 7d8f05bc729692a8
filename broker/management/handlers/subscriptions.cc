// SPDX-License-Identifier: Apache-2.0
// Subscriptions of all sessions (manual 13.6).
#include "broker/management/handlers/handlers.h"
#include "broker/management/handlers/session_lists.h"

namespace sluice::management {

void add_subscription_paths(RestRouter& router, Services& services) {
  const auto show = [&services](const ApiCall& call) { return show_rows<SubscriptionRows>(services, call); };
  router.add(Method::Get, "nodes/{}/subscriptions", on_node(services, [&services](const ApiCall& call) {
               return list_rows<SubscriptionRows>(services, call, services.core.router.stats().subscriptions);
             }));
  router.add(Method::Get, "nodes/{}/subscriptions/{*}", on_node(services, show));
  router.add(Method::Get, "subscriptions/{*}", show);
}

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
// Listeners (manual 13.10).
#include "broker/management/handlers/api_json.h"
#include "broker/management/handlers/handlers.h"

namespace sluice::management {
namespace {

/// An object of reasons; an empty list where there are none, as EMQ writes it.
Json shutdown_count(const ListenerInfo& listener) {
  if (listener.shutdown_count.empty()) return Json::array();
  Json reasons;
  for (const auto& [reason, count] : listener.shutdown_count) reasons[reason] = count;
  return reasons;
}

Json all(const Services& services) {
  Json list = Json::array();
  for (const ListenerInfo& listener : services.deps.listeners()) {
    list.push_back({{"protocol", listener.protocol},
                    {"listen", listener.listen},
                    {"acceptors", listener.acceptors},
                    {"max_clients", listener.max_clients},
                    {"current_clients", listener.current_clients},
                    {"shutdown_count", shutdown_count(listener)}});
  }
  return list;
}

}  // namespace

void add_listener_paths(RestRouter& router, Services& services) {
  router.add(Method::Get, "monitoring/listeners", [&services](const ApiCall&) {
    Json nodes;
    nodes[services.deps.node] = all(services);
    return api_ok(std::move(nodes));
  });
  router.add(Method::Get, "monitoring/listeners/{}",
             on_node(services, [&services](const ApiCall&) { return api_ok(all(services)); }));
}

}  // namespace sluice::management

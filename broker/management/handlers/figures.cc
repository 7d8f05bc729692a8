// SPDX-License-Identifier: Apache-2.0
// Statistics and counters (manual 13.11, 13.12).
#include "broker/management/handlers/api_json.h"
#include "broker/management/handlers/handlers.h"

namespace sluice::management {

void add_figure_paths(RestRouter& router, Services& services) {
  const auto metrics = [&services](const ApiCall&) { return api_ok(read_metrics(services.core)); };
  router.add(Method::Get, "monitoring/metrics", metrics);
  router.add(Method::Get, "monitoring/metrics/{}", on_node(services, metrics));
  router.add(Method::Get, "monitoring/stats", [&services](const ApiCall&) {
    Json node;
    node[services.deps.node] = services.stats.read();
    return api_ok(Json::array({std::move(node)}));
  });
  router.add(Method::Get, "monitoring/stats/{}",
             on_node(services, [&services](const ApiCall&) { return api_ok(services.stats.read()); }));
}

}  // namespace sluice::management

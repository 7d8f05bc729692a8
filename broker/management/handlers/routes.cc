// SPDX-License-Identifier: Apache-2.0
// Which node has subscribers to which filter (manual 13.7).
#include <string>

#include "broker/management/handlers/handlers.h"
#include "broker/management/handlers/paging.h"
#include "broker/management/handlers/route_walk.h"

namespace sluice::management {
namespace {

Json route(const Services& services, const std::string& filter) {
  return {{"topic", filter}, {"node", services.deps.node}};
}

ApiResponse list(const Services& services, const ApiCall& call) {
  const auto paging = parse_paging(call);
  if (!paging) return bad_paging();
  const auto page = walk_routes(services.core.router, call.parameter("cursor"), paging->skip(), paging->size);
  if (!page) return bad_paging();
  Json objects = Json::array();
  for (const std::string& filter : page->filters) objects.push_back(route(services, filter));
  if (paging->by_cursor) return api_walk(std::move(objects), page->next);
  return api_page(*paging, services.core.router.stats().routes, std::move(objects));
}

ApiResponse show(const Services& services, const ApiCall& call) {
  const router::Router& router = services.core.router;
  Json objects = Json::array();
  if (const auto found = router.find_route(router.guest(), call.arguments.back())) {
    objects.push_back(route(services, found->filter));
  }
  return api_objects(std::move(objects));
}

}  // namespace

void add_route_paths(RestRouter& router, Services& services) {
  router.add(Method::Get, "routes", [&services](const ApiCall& call) { return list(services, call); });
  router.add(Method::Get, "routes/{*}", [&services](const ApiCall& call) { return show(services, call); });
}

}  // namespace sluice::management

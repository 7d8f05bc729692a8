// SPDX-License-Identifier: Apache-2.0
// The topic table of the manual's 11.7: the server's own topics, which are "static", and what is subscribed to. The
// manual has no REST path for it; this one is only walked by cursor.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "broker/management/handlers/handlers.h"
#include "broker/management/handlers/paging.h"
#include "broker/management/handlers/route_walk.h"

namespace sluice::management {
namespace {

Json topic(std::string_view name, bool is_static) {
  Json json{{"topic", name}, {"flags", Json::array()}};
  if (is_static) json["flags"].push_back("static");
  return json;
}

std::vector<std::string> static_topics(const Services& services) {
  std::vector<std::string> names = services.sys_topics.topics(services.stats.read(), read_metrics(services.core));
  std::sort(names.begin(), names.end());
  return names;
}

ApiResponse list(const Services& services, const ApiCall& call) {
  const auto paging = parse_paging(call);
  if (!paging) return bad_paging();
  const std::string_view cursor = call.parameter("cursor");
  const auto page = walk_routes(services.core.router, cursor, 0, paging->size);
  if (!page) return bad_paging();
  const std::vector<std::string> own = static_topics(services);
  Json objects = Json::array();
  if (cursor.empty()) {
    for (const std::string& name : own) objects.push_back(topic(name, true));
  }
  for (const std::string& filter : page->filters) {
    if (!std::binary_search(own.begin(), own.end(), filter)) objects.push_back(topic(filter, false));
  }
  return api_walk(std::move(objects), page->next);
}

ApiResponse show(const Services& services, const ApiCall& call) {
  const std::string& name = call.arguments.back();
  const std::vector<std::string> own = static_topics(services);
  const router::Router& router = services.core.router;
  Json objects = Json::array();
  if (std::binary_search(own.begin(), own.end(), name)) {
    objects.push_back(topic(name, true));
  } else if (router.find_route(router.guest(), name)) {
    objects.push_back(topic(name, false));
  }
  return api_objects(std::move(objects));
}

}  // namespace

void add_topic_paths(RestRouter& router, Services& services) {
  router.add(Method::Get, "topics", [&services](const ApiCall& call) { return list(services, call); });
  router.add(Method::Get, "topics/{*}", [&services](const ApiCall& call) { return show(services, call); });
}

}  // namespace sluice::management

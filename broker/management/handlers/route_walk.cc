// SPDX-License-Identifier: Apache-2.0
#include "broker/management/handlers/route_walk.h"

#include <algorithm>
#include <charconv>

namespace sluice::management {
namespace {

constexpr std::size_t kRoutesPerStep = 1000;

}  // namespace

std::optional<RoutePage> walk_routes(const router::Router& router, std::string_view cursor, std::size_t skip,
                                     std::size_t limit) {
  std::uint64_t place = 0;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), place);
    if (error != std::errc() || end != cursor.data() + cursor.size()) return std::nullopt;
  }
  RoutePage page;
  do {
    const std::size_t step = std::min(kRoutesPerStep, skip > 0 ? skip : limit - page.filters.size());
    place = router.visit_routes(router.guest(), "", place, step, [&](const router::RouteInfo& route) {
      if (skip > 0) {
        --skip;
      } else {
        page.filters.push_back(route.filter);
      }
    });
  } while (place != 0 && page.filters.size() < limit);
  if (place != 0) page.next = std::to_string(place);
  return page;
}

}  // namespace sluice::management

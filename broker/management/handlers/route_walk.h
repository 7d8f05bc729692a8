// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/router/router.h"

namespace sluice::management {

/// Filters that have a subscriber.
struct RoutePage {
  std::vector<std::string> filters;
  std::string next;  ///< empty: the end
};

/// Passes over `skip` filters and returns at most about `limit`. `cursor` is what an earlier page gave, or empty;
/// nullopt if it is neither. Any thread but a shard's.
std::optional<RoutePage> walk_routes(const router::Router& router, std::string_view cursor, std::size_t skip,
                                     std::size_t limit);

}  // namespace sluice::management

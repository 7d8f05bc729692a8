// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "broker/management/handlers/paging.h"
#include "broker/management/handlers/row_json.h"
#include "broker/management/session_walk.h"

namespace sluice::management {

inline bool wants_details(const ApiCall& call) { return call.parameter("details") == "true"; }

template <class Row>
Json to_json(const std::vector<Row>& rows, bool details) {
  Json objects = Json::array();
  for (const Row& row : rows) objects.push_back(to_json(row, details));
  return objects;
}

/// Answers with a part of all rows of one kind; `total` of them exist.
template <class Kind>
ApiResponse list_rows(const Services& services, const ApiCall& call, std::size_t total) {
  const auto paging = parse_paging(call);
  const auto place = parse_place(call.parameter("cursor"));
  if (!paging || !place) return bad_paging();
  const auto found = walk<Kind>(services.core, *place, paging->skip(), paging->size);
  if (!found) return api_busy();
  Json objects = to_json(found->rows, wants_details(call));
  if (!paging->by_cursor) return api_page(*paging, total, std::move(objects));
  return api_walk(std::move(objects), found->next ? to_text(*found->next) : "");
}

/// Answers with the rows of one client, whose id is the last argument; without `cursor` at most kMaxPageSize of them.
template <class Kind>
ApiResponse show_rows(const Services& services, const ApiCall& call) {
  const auto paging = parse_paging(call);
  const auto place = parse_place(call.parameter("cursor"));
  if (!paging || !place) return bad_paging();
  const auto found = rows_of<Kind>(services.core, call.arguments.back(), place->index,
                                   paging->by_cursor ? paging->size : kMaxPageSize);
  if (!found) return api_busy();
  Json objects = to_json(found->rows, wants_details(call));
  if (!paging->by_cursor) return api_objects(std::move(objects));
  return api_walk(std::move(objects), found->next ? to_text(*found->next) : "");
}

}  // namespace sluice::management

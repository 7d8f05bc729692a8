// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/management/rest_router.h"
#include "broker/management/services.h"

namespace sluice::management {

using Json = nlohmann::ordered_json;

/// `{"code":0,"result":…}`. Bytes that are no UTF-8 are replaced.
inline ApiResponse api_ok(Json result) {
  Json json{{"code", 0}};
  json["result"] = std::move(result);
  return {200, json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

/// `{"objects":[…]}`
inline ApiResponse api_objects(Json objects) {
  Json result;
  result["objects"] = std::move(objects);
  return api_ok(std::move(result));
}

inline ApiResponse api_busy() { return api_error(503, ApiCode::BadRpc, "the server is too busy to answer; try again"); }

/// The handler behind a check that the first argument names this node.
inline RestRouter::Handler on_node(const Services& services, RestRouter::Handler handler) {
  return [&services, handler = std::move(handler)](const ApiCall& call) {
    if (call.arguments.front() == services.deps.node) return handler(call);
    return api_error(404, ApiCode::BadRpc, "no node of this name is running");
  };
}

}  // namespace sluice::management

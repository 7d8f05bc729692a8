// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
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

/// The text of `{"<member>":"…"}`, or the answer that says what is wrong with the body.
template <class F>
ApiResponse with_text(std::string_view body, const std::string& member, F&& then) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return api_error(400, ApiCode::NotJson, "the body is not JSON");
  if (!json.is_object() || !json.contains(member)) {
    return api_error(400, ApiCode::MissingParameter, "the body has no member " + member);
  }
  if (!json[member].is_string()) return api_error(400, ApiCode::BadParameter, member + " is not a text");
  return then(json[member].get<std::string>());
}

/// The handler behind a check that the first argument names this node.
inline RestRouter::Handler on_node(const Services& services, RestRouter::Handler handler) {
  return [&services, handler = std::move(handler)](const ApiCall& call) {
    if (call.arguments.front() == services.deps.node) return handler(call);
    return api_error(404, ApiCode::BadRpc, "no node of this name is running");
  };
}

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#include "broker/management/rest_router.h"

#include <exception>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/management/percent_encoding.h"
#include "shared/log/log.h"

namespace sluice::management {
namespace {

constexpr std::string_view kOne = "{}";
constexpr std::string_view kRest = "{*}";

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (;;) {
    const auto slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

/// The segments that stand for the pattern's holes, not decoded; nullopt if the path is another one.
std::optional<std::vector<std::string_view>> match(const std::vector<std::string>& pattern, std::string_view path) {
  std::vector<std::string_view> arguments;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == kRest) {
      if (path.empty()) return std::nullopt;
      arguments.push_back(path);
      return arguments;
    }
    const auto slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (pattern[i] == kOne ? segment.empty() : segment != pattern[i]) return std::nullopt;
    if (pattern[i] == kOne) arguments.push_back(segment);
    const bool last = i + 1 == pattern.size();
    if (slash == std::string_view::npos) return last ? std::optional(arguments) : std::nullopt;
    path.remove_prefix(slash + 1);
    if (last && !path.empty()) return std::nullopt;
  }
  return arguments;
}

/// False if something in it is not encoded as it should be.
bool parse_query(std::string_view text, ApiCall& call) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const auto equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals));
    const auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value) return false;
    call.query.insert_or_assign(*name, *value);
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return true;
}

ApiResponse run(const RestRouter::Handler& handler, const ApiCall& call) {
  try {
    return handler(call);
  } catch (const std::exception& error) {
    log::get("management").error("a request to the API failed: {}", error.what());
    return api_error(500, ApiCode::Unknown, "internal error; the log has the reason");
  }
}

}  // namespace

ApiResponse api_error(unsigned status, ApiCode code, std::string_view message) {
  const nlohmann::ordered_json json{{"code", static_cast<unsigned>(code)}, {"message", message}};
  return {status, json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

void RestRouter::add(Method method, std::string_view pattern, Handler handler) {
  routes_.push_back({method, split(pattern), std::move(handler)});
}

ApiResponse RestRouter::handle(Method method, std::string_view target, std::string_view body) const {
  const auto question = target.find('?');
  const std::string_view path = target.substr(0, question);
  bool other_method = false;
  for (const Route& route : routes_) {
    if (!path.starts_with(kPrefix)) break;
    const auto arguments = match(route.pattern, path.substr(kPrefix.size()));
    if (!arguments) continue;
    if (route.method != method) {
      other_method = true;
      continue;
    }
    ApiCall call{.arguments = {}, .query = {}, .body = body};
    bool well_formed = question == std::string_view::npos || parse_query(target.substr(question + 1), call);
    for (const std::string_view argument : *arguments) {
      const auto decoded = percent_decode(argument);
      well_formed = well_formed && decoded;
      if (decoded) call.arguments.push_back(*decoded);
    }
    if (!well_formed) return api_error(400, ApiCode::BadParameter, "broken percent-encoding in the request's path");
    return run(route.handler, call);
  }
  if (other_method) return api_error(405, ApiCode::Unknown, "this path does not have this method");
  return api_error(404, ApiCode::Unknown, "no such path");
}

}  // namespace sluice::management

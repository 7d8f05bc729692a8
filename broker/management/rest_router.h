// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::management {

enum class Method : std::uint8_t { Get, Put, Delete, Other };

/// The `code` of an answer (manual 13.15). 0 is success.
enum class ApiCode : std::uint8_t {
  BadRpc = 101,   ///< the node is not there, or a part of it did not answer in time
  Unknown = 102,  ///< anything else
  MissingParameter = 107,
  BadParameter = 108,
  NotJson = 109,
  ClientOffline = 112,
};

struct ApiResponse {
  unsigned status = 200;  ///< of HTTP
  std::string body;       ///< JSON
};

/// An error as every handler answers it: `{"code":101,"message":"…"}`.
ApiResponse api_error(unsigned status, ApiCode code, std::string_view message);

/// A request that has found its handler.
struct ApiCall {
  std::vector<std::string> arguments;  ///< what stood for `{}` and `{*}`, decoded, in order
  std::map<std::string, std::string, std::less<>> query;
  std::string_view body;

  /// The parameter of the query; empty if it is not there.
  [[nodiscard]] std::string_view parameter(std::string_view name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string_view() : found->second;
  }
};

/// Method and path → handler. Patterns are relative to `/api/v2/`: `{}` stands for one segment, `{*}` for all the rest
/// (topics have slashes). Segments are percent-decoded after they were taken apart.
/// Thread: one. Knows no HTTP library.
class RestRouter {
 public:
  using Handler = std::function<ApiResponse(const ApiCall&)>;

  static constexpr std::string_view kPrefix = "/api/v2/";

  void add(Method method, std::string_view pattern, Handler handler);
  /// `target` as in the request line. 404 for an unknown path, 405 for a path that has other methods, 400 for broken
  /// percent-encoding; 500 if the handler throws.
  [[nodiscard]] ApiResponse handle(Method method, std::string_view target, std::string_view body) const;

 private:
  struct Route {
    Method method;
    std::vector<std::string> pattern;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace sluice::management

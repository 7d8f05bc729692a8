// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "shared/net/explained.h"

namespace sluice::ctl {

struct ApiAnswer {
  unsigned status = 0;  ///< of HTTP
  std::string body;
};

/// The server's REST API.
class Api {
 public:
  virtual ~Api() = default;
  /// `path` is relative to /api/v2/ and encoded. The error says why there is no answer.
  /// `body` is JSON, or empty.
  virtual Explained<ApiAnswer> request(std::string_view method, std::string_view path, std::string_view body) = 0;
};

/// The API on a unix socket, one connection for all requests. A server that keeps silent for a minute counts as
/// unreachable.
std::unique_ptr<Api> api_on_socket(std::filesystem::path socket);

}  // namespace sluice::ctl

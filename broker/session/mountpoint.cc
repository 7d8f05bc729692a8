// SPDX-License-Identifier: Apache-2.0
#include "broker/session/mountpoint.h"

#include <string_view>

namespace sluice::session {

std::string mountpoint_of(const ConnectRequest& request) {
  if (!request.listener) return {};
  const std::string_view pattern = request.listener->mountpoint;
  std::string mounted;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view placeholder = pattern.substr(i, 2);
    if (placeholder == "%c") {
      mounted += request.client_id;
      ++i;
    } else if (placeholder == "%u") {
      mounted += request.username.value_or("undefined");
      ++i;
    } else {
      mounted += pattern[i];
    }
  }
  return mounted;
}

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/session/mountpoint.h"

#include "broker/session/client_session.h"

namespace sluice::session {

std::string expand_mountpoint(const ClientSession& session, std::string_view pattern) {
  std::string mounted;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view placeholder = pattern.substr(i, 2);
    if (placeholder == "%c") {
      mounted += session.client_id();
      ++i;
    } else if (placeholder == "%u") {
      mounted += session.details().username.value_or("undefined");
      ++i;
    } else {
      mounted += pattern[i];
    }
  }
  return mounted;
}

}  // namespace sluice::session

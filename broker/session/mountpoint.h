// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::session {

class ClientSession;

/// `listener.*.mountpoint` for this client: %c is its client id, %u its user name ("undefined" without one).
std::string expand_mountpoint(const ClientSession& session, std::string_view pattern);

}  // namespace sluice::session

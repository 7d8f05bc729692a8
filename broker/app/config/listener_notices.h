// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "shared/config/store.h"

namespace sluice::app {

/// What listeners are told that will not happen, a line each: a version of TLS that is not offered, user names from
/// certificates that nobody asks for. Pure.
std::vector<std::string> listener_notices(const ConfigStore& store);

}  // namespace sluice::app

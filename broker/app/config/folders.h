// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "broker/app/config/configuration.h"

namespace sluice::app {

/// Where the server will make files (its data, its logs) and this user cannot, a sentence each. Makes nothing.
std::vector<std::string> unwritable_places(const Configuration& configuration);

}  // namespace sluice::app

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "broker/app/config/configuration.h"

namespace sluice::app {

/// The folders in which the server will make files (its data, its logs) and that this user cannot make or write to, a
/// sentence each. Makes nothing.
std::vector<std::string> unwritable_folders(const Configuration& configuration);

}  // namespace sluice::app

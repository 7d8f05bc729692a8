// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "shared/config/property.h"

namespace sluice::app {

/// The property tables of all modules, in the order of the reference.
std::vector<PropertyTable> property_tables();

}  // namespace sluice::app

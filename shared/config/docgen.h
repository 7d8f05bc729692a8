// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "shared/config/property.h"

namespace sluice {

/// The reference of all keys as markdown: one section per table. Pure; docs/configuration.md is this text.
std::string configuration_reference(std::span<const PropertyTable> tables);

}  // namespace sluice

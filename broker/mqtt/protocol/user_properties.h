// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "broker/mqtt/codec/properties.h"

namespace sluice::mqtt {

/// Identifier, and two empty strings with their lengths.
inline constexpr std::size_t kSmallestUserProperty = 5;

/// True if there are more user properties than `maximum` (`mqtt.max_user_properties`). Costs nothing without any.
[[nodiscard]] inline bool too_many_user_properties(const PropertiesView& properties, std::size_t maximum) {
  if (properties.wire().size() / kSmallestUserProperty <= maximum) return false;
  std::size_t count = 0;
  for (const Property& property : properties) {
    if (property.id == PropertyId::UserProperty && ++count > maximum) return true;
  }
  return false;
}

}  // namespace sluice::mqtt

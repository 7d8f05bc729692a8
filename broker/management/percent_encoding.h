// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::management {

/// nullopt: a '%' without two hexadecimal digits behind it.
std::optional<std::string> percent_decode(std::string_view text);
/// Encodes everything but unreserved characters [RFC 3986 2.3].
std::string percent_encode(std::string_view text);

}  // namespace sluice::management

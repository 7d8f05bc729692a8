// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::coap {

/// The fields of an `application/x-www-form-urlencoded` body, decoded, in their order. nullopt: an escape that is none,
/// or more than kMostFields.
inline constexpr std::size_t kMostFields = 16;
using FormFields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::optional<FormFields> parse_form(std::string_view body);

}  // namespace sluice::coap

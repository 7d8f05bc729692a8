// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Names of keys: segments with dots between them. A pattern may hold placeholders: `$id` stands for a number, any
// other `$…` for a name of letters, digits, '_', '-' and '@'. Pure.

/// The placeholders' values if `key` has the pattern's shape.
std::optional<std::vector<std::string_view>> match_key(std::string_view pattern, std::string_view key);

/// Letters, digits, '.', '_', '-', '@' and '$' (placeholders of an example), at most 256 of them.
bool is_key(std::string_view text);

/// `pattern` with its placeholders filled by the segments of `key` at the same places, as far as there are any.
std::string shaped_like(std::string_view pattern, std::string_view key);

/// Levenshtein distance: insertions, deletions and replacements that make one text the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sluice

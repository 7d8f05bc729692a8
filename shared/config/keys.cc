// SPDX-License-Identifier: Apache-2.0
#include "shared/config/keys.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sluice {
namespace {

constexpr std::size_t kMaxKey = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '@';
}

bool is_placeholder(std::string_view segment) { return segment.starts_with('$'); }

bool fits(std::string_view placeholder, std::string_view segment) {
  if (segment.empty()) return false;
  if (placeholder == "$id") return std::all_of(segment.begin(), segment.end(), is_digit);
  return std::all_of(segment.begin(), segment.end(), is_name_char);
}

/// Takes the first segment of `rest`; nothing when there is no other.
std::optional<std::string_view> next_segment(std::optional<std::string_view>& rest) {
  if (!rest) return std::nullopt;
  const auto dot = rest->find('.');
  const auto segment = rest->substr(0, dot);
  rest = dot == std::string_view::npos ? std::nullopt : std::optional(rest->substr(dot + 1));
  return segment;
}

}  // namespace

std::optional<std::vector<std::string_view>> match_key(std::string_view pattern, std::string_view key) {
  std::vector<std::string_view> values;
  std::optional<std::string_view> pattern_rest = pattern;
  std::optional<std::string_view> key_rest = key;
  while (true) {
    const auto expected = next_segment(pattern_rest);
    const auto given = next_segment(key_rest);
    if (!expected && !given) return values;
    if (!expected || !given) return std::nullopt;
    if (is_placeholder(*expected)) {
      if (!fits(*expected, *given)) return std::nullopt;
      values.push_back(*given);
    } else if (*expected != *given) {
      return std::nullopt;
    }
  }
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKey &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_name_char(c) || c == '.' || c == '$'; });
}

std::string shaped_like(std::string_view pattern, std::string_view key) {
  std::string result;
  std::optional<std::string_view> pattern_rest = pattern;
  std::optional<std::string_view> key_rest = key;
  while (const auto expected = next_segment(pattern_rest)) {
    const auto given = next_segment(key_rest);
    if (!result.empty()) result += '.';
    result += given && is_placeholder(*expected) && fits(*expected, *given) ? *given : *expected;
  }
  return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace sluice

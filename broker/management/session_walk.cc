// SPDX-License-Identifier: Apache-2.0
#include "broker/management/session_walk.h"

#include <charconv>

#include <fmt/format.h>

namespace sluice::management {
namespace {

template <class Number>
bool read_number(std::string_view& text, char behind, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (behind == '\0') return text.empty();
  if (!text.starts_with(behind)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_text(const Place& place) { return fmt::format("{}.{}.{}", place.shard, place.slot, place.index); }

std::optional<Place> parse_place(std::string_view text) {
  Place place;
  if (text.empty()) return place;
  if (!read_number(text, '.', place.shard) || !read_number(text, '.', place.slot) ||
      !read_number(text, '\0', place.index)) {
    return std::nullopt;
  }
  return place;
}

}  // namespace sluice::management

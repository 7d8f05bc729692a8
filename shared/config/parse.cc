// SPDX-License-Identifier: Apache-2.0
#include "shared/config/parse.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace sluice {
namespace {

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value{};
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at the front of `text`.
std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  const auto value = whole<std::uint64_t>(text.substr(0, length));
  text.remove_prefix(length);
  return value;
}

std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array kDurationUnits{Unit{"w", 604'800'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                                    Unit{"m", 60'000},      Unit{"s", 1'000},      Unit{"ms", 1}};
constexpr std::array kSizeUnits{Unit{"GB", 1024ULL * 1024 * 1024},
                                Unit{"MB", 1024ULL * 1024},
                                Unit{"KB", 1024},
                                Unit{"G", 1024ULL * 1024 * 1024},
                                Unit{"M", 1024ULL * 1024},
                                Unit{"K", 1024},
                                Unit{"B", 1}};

/// The longest span that a deadline may be away: 100 years, so that arithmetic on deadlines cannot overflow.
constexpr std::uint64_t kLongest = 36'525ULL * 86'400'000;

std::optional<std::uint64_t> duration_factor(std::string_view unit) {
  for (const auto& known : kDurationUnits) {
    if (known.name == unit) return known.factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string with_largest_unit(std::uint64_t value, const std::array<Unit, N>& units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  for (const auto& unit : units) {
    if (value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
  }
  return fmt::format("{}", value);
}

template <class T>
std::string_view type_form() {
  if constexpr (std::is_same_v<T, bool>) return "on or off";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "a whole number";
  if constexpr (std::is_same_v<T, double>) return "a number such as 0.75";
  if constexpr (std::is_same_v<T, ByteSize>) return "a size such as 64KB or 1MB; without a unit bytes";
  if constexpr (std::is_same_v<T, ConfigDuration>)
    return "a time such as 100ms, 30s, 5m, 2h or 1d; without a unit seconds";
  if constexpr (std::is_same_v<T, Percent>) return "a share such as 20%";
  if constexpr (std::is_same_v<T, std::string_view>) return "text";
}

std::string choices_form(std::string_view choices) {
  std::string form = "one of ";
  for (const char c : choices) {
    if (c == '|') {
      form += ", ";
    } else {
      form += c;
    }
  }
  return form;
}

template <class T>
std::string form_of(const Property<T>& property) {
  std::string form(type_form<T>());
  if (!property.choices.empty()) form = choices_form(property.choices);
  if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, std::string_view>) {
    if (property.min < property.max) {
      form += fmt::format("; from {} to {}", format_value(property.min), format_value(property.max));
    }
  }
  return form;
}

template <class T>
std::string quoted(const Property<T>& property, std::string_view text) {
  return property.secret == Secret::Yes ? std::string("the value") : fmt::format("\"{}\"", text);
}

template <class T>
std::string problem_of(const Property<T>& property, std::string_view text) {
  const auto value = parse_value(property, text);
  if (!value) return fmt::format("{} is not valid; write {}", quoted(property, text), form_of(property));
  if constexpr (std::is_same_v<T, std::string_view>) {
    if (!is_choice(property.choices, text)) {
      return fmt::format("{} is not valid; write {}", quoted(property, text), form_of(property));
    }
    if (property.check != nullptr) return property.check(text);
  } else if constexpr (!std::is_same_v<T, bool>) {
    const bool unlimited = !property.zero_means.empty() && *value == T{};
    if (property.min < property.max && !unlimited && (*value < property.min || *value > property.max)) {
      return fmt::format("{} is out of bounds; write {}", quoted(property, text), form_of(property));
    }
  }
  return {};
}

}  // namespace

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "on" || text == "true") return true;
  if (text == "off" || text == "false") return false;
  return std::nullopt;
}

std::optional<std::uint32_t> parse_number(std::string_view text) { return whole<std::uint32_t>(text); }

std::optional<double> parse_real(std::string_view text) {
  const auto value = whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<ByteSize> parse_size(std::string_view text) {
  const auto digits = take_digits(text);
  if (!digits) return std::nullopt;
  if (text.empty()) return ByteSize{*digits};
  std::string unit(text);
  for (char& c : unit) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  for (const auto& known : kSizeUnits) {
    if (known.name != unit) continue;
    const auto bytes = times(*digits, known.factor);
    return bytes ? std::optional(ByteSize{*bytes}) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<ConfigDuration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  bool first = true;
  while (!text.empty()) {
    const auto digits = take_digits(text);
    std::size_t length = 0;
    while (length < text.size() && !is_digit(text[length])) ++length;
    const bool bare = first && length == 0 && text.empty();
    const auto factor = bare ? std::optional<std::uint64_t>(1000) : duration_factor(text.substr(0, length));
    if (!digits || !factor) return std::nullopt;
    const auto part = times(*digits, *factor);
    if (!part || *part > kLongest - total) return std::nullopt;
    total += *part;
    text.remove_prefix(length);
    first = false;
  }
  return ConfigDuration(static_cast<std::int64_t>(total));
}

std::optional<Percent> parse_percent(std::string_view text) {
  const bool hundredths = text.ends_with('%');
  if (hundredths) text.remove_suffix(1);
  const auto value = parse_real(text);
  if (!value) return std::nullopt;
  const double fraction = hundredths ? *value / 100 : *value;
  if (fraction < 0 || fraction > 1) return std::nullopt;
  return Percent{fraction};
}

bool is_choice(std::string_view choices, std::string_view text) {
  if (choices.empty()) return true;
  while (true) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

std::string format_value(bool value) { return value ? "on" : "off"; }
std::string format_value(std::uint32_t value) { return fmt::format("{}", value); }
std::string format_value(double value) { return fmt::format("{}", value); }
std::string format_value(ByteSize value) {
  constexpr std::array kShown{kSizeUnits[0], kSizeUnits[1], kSizeUnits[2]};
  return with_largest_unit(value.bytes, kShown, "0");
}
std::string format_value(ConfigDuration value) {
  constexpr std::array kShown{kDurationUnits[1], kDurationUnits[2], kDurationUnits[3], kDurationUnits[4],
                              kDurationUnits[5]};
  return with_largest_unit(static_cast<std::uint64_t>(value.count()), kShown, "0");
}
std::string format_value(Percent value) { return fmt::format("{}%", std::round(value.fraction * 10000) / 100); }
std::string format_value(std::string_view value) { return std::string(value); }

std::string value_problem(const AnyProperty& property, std::string_view text) {
  return std::visit([text](const auto* row) { return problem_of(*row, text); }, property);
}

std::string value_form(const AnyProperty& property) {
  return std::visit([](const auto* row) { return form_of(*row); }, property);
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/config/property.h"

namespace sluice {

// From the text of a value to the value and back. Pure; a text that is not of the type gives no value.

/// on, off, true, false.
std::optional<bool> parse_flag(std::string_view text);
/// Decimal digits.
std::optional<std::uint32_t> parse_number(std::string_view text);
/// A decimal number, such as 0.75.
std::optional<double> parse_real(std::string_view text);
/// Digits and B, KB, MB, GB or K, M, G in either case; without a unit bytes.
std::optional<ByteSize> parse_size(std::string_view text);
/// Digits and ms, s, m, h, d or w, several in a row ("1h30m"); without a unit seconds.
std::optional<ConfigDuration> parse_duration(std::string_view text);
/// "20%" or "0.2".
std::optional<Percent> parse_percent(std::string_view text);
/// One of `choices` ("simple|priority"); no choices: anything.
bool is_choice(std::string_view choices, std::string_view text);

std::string format_value(bool value);
std::string format_value(std::uint32_t value);
std::string format_value(double value);
std::string format_value(ByteSize value);
std::string format_value(ConfigDuration value);
std::string format_value(Percent value);
std::string format_value(std::string_view value);

/// The value of `text` for a property, without looking at bounds, choices and checks.
template <class T>
std::optional<ValueOf<T>> parse_value(const Property<T>& property, std::string_view text) {
  if (!property.zero_means.empty() && text == "infinity") return ValueOf<T>{};
  if constexpr (std::is_same_v<T, bool>) return parse_flag(text);
  if constexpr (std::is_same_v<T, std::uint32_t>) return parse_number(text);
  if constexpr (std::is_same_v<T, double>) return parse_real(text);
  if constexpr (std::is_same_v<T, ByteSize>) return parse_size(text);
  if constexpr (std::is_same_v<T, ConfigDuration>) return parse_duration(text);
  if constexpr (std::is_same_v<T, Percent>) return parse_percent(text);
  if constexpr (std::is_same_v<T, std::string_view>) return std::string(text);
}

/// What is wrong with `text` as a value of `property` and what to write instead; empty: nothing.
/// The text of a secret is not repeated.
std::string value_problem(const AnyProperty& property, std::string_view text);

/// What may be written for a value of this property: "a size in bytes, such as 64KB or 1MB; from 1KB to 256MB".
std::string value_form(const AnyProperty& property);

}  // namespace sluice

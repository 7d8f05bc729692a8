// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace sluice {

/// A size in bytes: "64KB", "1MB", a bare number is bytes.
struct ByteSize {
  std::uint64_t bytes = 0;
  friend auto operator<=>(const ByteSize&, const ByteSize&) = default;
};
/// A span of time: "30s", "5m", "2h", "100ms", "1d"; a bare number is seconds.
using ConfigDuration = std::chrono::milliseconds;
/// A share: "60%"; kept as 0.6.
struct Percent {
  double fraction = 0;
  friend auto operator<=>(const Percent&, const Percent&) = default;
};

/// What it takes for a changed value to hold.
enum class Reload : std::uint8_t { Live, NewConnections, ListenerRestart, Restart };

enum class Secret : std::uint8_t { No, Yes };

/// One row of a module's property table: it drives parsing, checking, environment overrides, redaction and
/// docs/configuration.md. T: bool (on/off, true/false), std::uint32_t, double, ByteSize, ConfigDuration, Percent,
/// std::string_view (text; read back as std::string).
/// A name may hold placeholders: `$name` (a listener's name) and `$id` (a number).
template <class T>
struct Property {
  std::string_view name;
  std::string_view doc;
  T def{};
  T min{};  ///< bounds hold when min < max
  T max{};
  std::string_view choices{};  ///< text only: "simple|priority"; empty: anything
  Reload reload = Reload::Restart;
  Secret secret = Secret::No;
  /// A 0 (or "infinity") that means "no limit" in the manual is bounded by the value of this key: get() returns that.
  std::string_view zero_means{};
  /// Text only: what is wrong with a value; an empty answer means nothing. Checkers are in shared/config/check.h.
  std::string (*check)(std::string_view text) = nullptr;
};

/// What get() returns for a property's type.
template <class T>
using ValueOf = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;

/// A property of any type, so that tables of a module can be listed.
using AnyProperty = std::variant<const Property<bool>*, const Property<std::uint32_t>*, const Property<double>*,
                                 const Property<ByteSize>*, const Property<ConfigDuration>*, const Property<Percent>*,
                                 const Property<std::string_view>*>;

/// An older name of a key. Setting it sets the key.
struct KeyAlias {
  std::string_view old_name;
  std::string_view name;
};

/// The table of one module: `title` heads its section in the reference.
struct PropertyTable {
  std::string_view title;
  std::span<const AnyProperty> rows;
  std::span<const KeyAlias> aliases{};
  /// The keys are known, whatever their values, and do nothing here.
  bool without_effect = false;
};

constexpr ByteSize operator""_KB(unsigned long long n) { return {n * 1024}; }
constexpr ByteSize operator""_MB(unsigned long long n) { return {n * 1024 * 1024}; }

}  // namespace sluice

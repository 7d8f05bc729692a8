// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "shared/coap/codec/code.h"

namespace sluice::coap {

/// Option numbers [RFC 7252 12.2] [RFC 7641 6] [RFC 7959 6] [RFC 7967 6] [RFC 8768 6] [RFC 9175 6] [RFC 9177 12].
enum class Option : std::uint16_t {
  IfMatch = 1,
  UriHost = 3,
  ETag = 4,
  IfNoneMatch = 5,
  Observe = 6,
  UriPort = 7,
  LocationPath = 8,
  Oscore = 9,
  UriPath = 11,
  ContentFormat = 12,
  MaxAge = 14,
  UriQuery = 15,
  HopLimit = 16,
  Accept = 17,
  QBlock1 = 19,
  LocationQuery = 20,
  Block2 = 23,
  Block1 = 27,
  Size2 = 28,
  QBlock2 = 31,
  ProxyUri = 35,
  ProxyScheme = 39,
  Size1 = 60,
  Echo = 252,
  NoResponse = 258,
  RequestTag = 292,
};

/// Options of signals, whose numbers mean something else in each code [RFC 8323 5].
namespace signal_options {
inline constexpr Option kCsmMaxMessageSize{2};
inline constexpr Option kCsmBlockWiseTransfer{4};
inline constexpr Option kPingCustody{2};  // and of Pong
inline constexpr Option kReleaseAlternativeAddress{2};
inline constexpr Option kReleaseHoldOff{4};
inline constexpr Option kAbortBadCsmOption{2};
}  // namespace signal_options

/// A recipient that does not know the option must refuse the message [RFC 7252 5.4.1].
[[nodiscard]] constexpr bool is_critical(std::uint16_t number) { return (number & 1U) != 0; }
/// No part of what tells two requests for the same representation from each other [RFC 7252 5.4.2].
[[nodiscard]] constexpr bool is_no_cache_key(std::uint16_t number) { return (number & 0x1EU) == 0x1CU; }

/// One option of a message that was read; `value` points into the message.
struct OptionView {
  std::uint16_t number = 0;
  std::span<const std::byte> value;

  [[nodiscard]] bool is(Option option) const { return number == static_cast<std::uint16_t>(option); }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
  /// The value as an unsigned integer, leading zeros allowed [RFC 7252 3.2]; values over four bytes: nullopt.
  [[nodiscard]] std::optional<std::uint32_t> uint() const;
};

/// What the definition of an option says: the bytes of its value, and whether it may occur more than once.
struct OptionRule {
  std::uint16_t least = 0;
  std::uint16_t most = 0xFFFF;
  bool repeatable = true;
};
/// Of an option in a message with that code; every enumerator of Option and of signal_options has one. nullopt: not
/// defined here [RFC 7252 5.10] [RFC 8323 5].
[[nodiscard]] std::optional<OptionRule> option_rule(Code code, std::uint16_t number);
/// False: to be treated as an option that is not known [RFC 7252 5.4.3]. True if nothing is known of the option.
[[nodiscard]] bool has_defined_length(Code code, const OptionView& option);

/// Options of a message to be written. Kept in the order of their numbers, those with one number in the order in which
/// they were added. Values are copied; the few of a usual message need no heap.
/// Owner and thread: the caller's.
class Options {
 public:
  static constexpr std::size_t kMostValue = 0xFFFF;

  /// A value of more than kMostValue bytes is left out: no definition allows nearly as many.
  Options& add(Option option, std::span<const std::byte> value);
  Options& add(Option option, std::string_view text);
  /// In as few bytes as the value needs [RFC 7252 3.2].
  Options& add(Option option, std::uint32_t value);
  /// Without a value.
  Options& add(Option option) { return add(option, std::span<const std::byte>{}); }
  /// Takes away every option of that number.
  void remove(Option option);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] OptionView operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    return {entry.number, std::span(bytes_.data(), bytes_.size()).subspan(entry.offset, entry.length)};
  }
  /// The first of that number.
  [[nodiscard]] std::optional<OptionView> find(Option option) const;

 private:
  struct Entry {
    std::uint16_t number;
    std::uint16_t length;
    std::uint32_t offset;
  };
  boost::container::small_vector<Entry, 8> entries_;
  boost::container::small_vector<std::byte, 64> bytes_;
};

}  // namespace sluice::coap

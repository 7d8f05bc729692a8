// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "broker/mqtt/codec/error.h"
#include "shared/bytes/byte_reader.h"
#include "shared/bytes/utf8.h"

/// Rules that several decoders share. Private to the codec.
namespace sluice::mqtt {

[[nodiscard]] constexpr Errc text_error(TextStatus status) {
  if (status == TextStatus::Ok) return Errc::Ok;
  return status == TextStatus::Null ? Errc::StringNull : Errc::StringNotUtf8;
}

[[nodiscard]] inline Errc check_string(std::string_view text) { return text_error(check_text(text)); }

[[nodiscard]] constexpr Errc varint_error(VarintStatus status) {
  switch (status) {
    case VarintStatus::Ok:
      return Errc::Ok;
    case VarintStatus::Incomplete:
      return Errc::PacketTruncated;
    case VarintStatus::TooLong:
      return Errc::RemainingLengthTooLong;
    case VarintStatus::NotMinimal:
      return Errc::LengthNotMinimal;
  }
  return Errc::PacketTruncated;
}

/// Not empty and without wildcards [MQTT-4.7.3-1, MQTT-3.3.2-2]; the text is checked elsewhere.
[[nodiscard]] inline bool is_topic_name(std::string_view text) {
  return !text.empty() && text.find_first_of("+#") == std::string_view::npos;
}

/// Like swar::not_plain_ascii, and non-zero for a wildcard too: `+` (0x2B) and `#` (0x23) differ in one bit.
[[nodiscard]] constexpr std::uint64_t not_plain_topic(std::uint64_t word) {
  const std::uint64_t wildcard_is_zero = (word | (swar::kOnes * 0x08U)) ^ (swar::kOnes * 0x2BU);
  return swar::not_plain_ascii(word) | ((wildcard_is_zero - swar::kOnes) & swar::kHighs);
}

/// The walk for topics that not_plain_topic() found something in.
[[nodiscard]] Errc check_topic_name_slowly(std::string_view topic);

/// check_string() and no wildcards, in one pass for plain ASCII. Empty is Ok.
[[nodiscard]] inline Errc check_topic_name(std::string_view topic) {
  return swar::all_plain(topic, not_plain_topic) ? Errc::Ok : check_topic_name_slowly(topic);
}

}  // namespace sluice::mqtt

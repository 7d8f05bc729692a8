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

/// check_string() and no wildcards, in one pass for plain ASCII. Empty is Ok.
[[nodiscard]] inline Errc check_topic_name(std::string_view topic) {
  const bool plain = swar::all_plain(topic, [](std::uint64_t word) {
    return swar::zero_in(word) | swar::byte_in(word, '+') | swar::byte_in(word, '#') | (word & swar::kHighs);
  });
  if (plain) return Errc::Ok;
  if (const Errc error = check_string(topic); error != Errc::Ok) return error;
  return topic.find_first_of("+#") == std::string_view::npos ? Errc::Ok : Errc::TopicWildcard;
}

}  // namespace sluice::mqtt

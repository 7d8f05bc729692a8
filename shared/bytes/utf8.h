// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice {

/// What an MQTT string may not hold [MQTT5 1.5.4].
enum class TextStatus : std::uint8_t {
  Ok,
  NotUtf8,  ///< ill-formed, overlong, above U+10FFFF, or a surrogate [MQTT-1.5.4-1]
  Null,     ///< holds U+0000 [MQTT-1.5.4-2]
};

/// Eight characters at a time: the building blocks of scans that look at most bytes only once.
namespace swar {
inline constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
inline constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080;

[[nodiscard]] inline std::uint64_t load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}
/// Non-zero if a byte of `word` is zero.
[[nodiscard]] constexpr std::uint64_t zero_in(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }
[[nodiscard]] constexpr std::uint64_t byte_in(std::uint64_t word, char byte) {
  return zero_in(word ^ (kOnes * static_cast<unsigned char>(byte)));
}

/// True if `plain(word)` is zero for all of `text`, where it tells of a word's bytes that they are all harmless.
/// The last, partial word is filled up with `a`.
template <class Special>
[[nodiscard]] inline bool all_plain(std::string_view text, Special special) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t found = 0;
  for (; left >= 8; at += 8, left -= 8) found |= special(load(at));
  if (left > 0) {
    std::uint64_t word = kOnes * 'a';
    std::memcpy(&word, at, left);
    found |= special(word);
  }
  return found == 0;
}
}  // namespace swar

/// Well-formed UTF-8 [RFC 3629]; U+0000 is allowed: for payloads that claim to be text [MQTT5 3.3.2.3.2].
[[nodiscard]] bool is_utf8(std::string_view text);

/// The walk for text that is not plain ASCII.
[[nodiscard]] TextStatus check_text_slowly(std::string_view text);

/// The rules of an MQTT UTF-8 encoded string. Control characters and non-characters are allowed, as the
/// specification leaves it to us; a byte order mark is kept as it is [MQTT-1.5.4-3].
[[nodiscard]] inline TextStatus check_text(std::string_view text) {
  const bool plain =
      swar::all_plain(text, [](std::uint64_t word) { return swar::zero_in(word) | (word & swar::kHighs); });
  return plain ? TextStatus::Ok : check_text_slowly(text);
}

}  // namespace sluice

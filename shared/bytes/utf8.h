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
/// Non-zero if `word` holds anything but U+0001 to U+007F.
[[nodiscard]] constexpr std::uint64_t not_plain_ascii(std::uint64_t word) { return ((word - kOnes) | word) & kHighs; }

/// Fewer than eight characters as a word, filled up with `a`.
[[nodiscard]] inline std::uint64_t load_partial(std::string_view text) {
  std::uint64_t word = kOnes * 'a';
  for (const char character : text) word = (word << 8U) | static_cast<unsigned char>(character);
  return word;
}

/// True if `special(word)` is zero for all of `text`, where it tells whether one of a word's bytes needs a closer look.
template <class Special>
[[nodiscard]] inline bool all_plain(std::string_view text, Special special) {
  if (text.size() < 8) return special(load_partial(text)) == 0;
  const char* at = text.data();
  const char* const last = at + text.size() - 8;
  std::uint64_t found = special(load(last));
  for (; at < last; at += 8) found |= special(load(at));
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
  return swar::all_plain(text, swar::not_plain_ascii) ? TextStatus::Ok : check_text_slowly(text);
}

}  // namespace sluice

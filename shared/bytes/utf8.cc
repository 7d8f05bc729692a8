// SPDX-License-Identifier: Apache-2.0
#include "shared/bytes/utf8.h"

#include <cstddef>

namespace sluice {
namespace {

/// Length of the well-formed sequence that `text` begins with, 0 if there is none [RFC 3629 4].
std::size_t sequence_length(std::string_view text) {
  const auto byte = [text](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(i)) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

TextStatus check_text_slowly(std::string_view text) {
  bool null = false;
  while (!text.empty()) {
    if (text.size() >= 8) {
      const std::uint64_t word = swar::load(text.data());  // NOLINT(bugprone-suspicious-stringview-data-usage): 8 bytes
      if (swar::not_plain_ascii(word) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    null = null || text.front() == '\0';
    const std::size_t length = sequence_length(text);
    if (length == 0) return TextStatus::NotUtf8;
    text.remove_prefix(length);
  }
  return null ? TextStatus::Null : TextStatus::Ok;
}

bool is_utf8(std::string_view text) { return check_text(text) != TextStatus::NotUtf8; }

}  // namespace sluice

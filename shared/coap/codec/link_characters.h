// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::coap {

/// The character classes of the link format's grammar [RFC 6690 2]. For link_format.cc and link_writer.cc.

[[nodiscard]] constexpr bool is_printable_ascii(char character) { return character > ' ' && character < 0x7F; }
[[nodiscard]] constexpr bool is_control(char character) {
  return (static_cast<unsigned char>(character) < ' ' && character != '\t') || character == 0x7F;
}
/// Of a target: more than a URI reference may hold, but nothing that ends it or breaks a line.
[[nodiscard]] constexpr bool is_target_character(char character) {
  return is_printable_ascii(character) && character != '<' && character != '>' && character != '"';
}
/// attr-char of [RFC 5987 3.2.1].
[[nodiscard]] constexpr bool is_name_character(char character) {
  return is_printable_ascii(character) &&
         std::string_view("\"%'()*,/:;<=>?@[\\]{}").find(character) == std::string_view::npos;
}
/// ptokenchar.
[[nodiscard]] constexpr bool is_token_character(char character) {
  return is_printable_ascii(character) && std::string_view("\",;\\").find(character) == std::string_view::npos;
}

}  // namespace sluice::coap

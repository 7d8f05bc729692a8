// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/mqtt/codec/frame_reader.h"
#include "shared/bytes/byte_writer.h"

/// Packets as people write them down.
///     04 003c      bytes in hexadecimal
///     'abc'        the characters
///     <abc>        the characters behind their two-byte length
///     |            a place where the packet may end just as well, *: any place from here on (truncation tests)
namespace sluice::mqtt::test {

struct Wire {
  std::vector<std::byte> bytes;
  std::vector<bool> may_end_at;  ///< one per length from 0 to bytes.size()
};

class WireParser {
 public:
  explicit WireParser(std::string_view text) : text_(text) {}

  Wire parse() {
    while (!text_.empty()) token();
    mark(wire_.bytes.size(), true);
    return std::move(wire_);
  }

 private:
  void token() {
    const char first = take();
    if (first == '|') return mark(wire_.bytes.size(), true);
    if (first == '*') {
      open_ = true;
      return mark(wire_.bytes.size(), true);
    }
    if (first == '\'') return characters('\'', false);
    if (first == '<') return characters('>', true);
    if (std::isxdigit(static_cast<unsigned char>(first)) != 0) {
      const std::string digits{first, take()};
      append(static_cast<std::byte>(std::stoul(digits, nullptr, 16)));
    } else if (first != ' ') {
      throw std::invalid_argument("not a wire token: " + std::string(1, first));
    }
  }
  void characters(char end, bool with_length) {
    const std::string_view content = text_.substr(0, text_.find(end));
    text_.remove_prefix(content.size() + 1);
    if (with_length) {
      append(static_cast<std::byte>(content.size() >> 8U));
      append(static_cast<std::byte>(content.size()));
    }
    for (const char character : content) append(static_cast<std::byte>(character));
  }
  char take() {
    const char character = text_.at(0);
    text_.remove_prefix(1);
    return character;
  }
  void append(std::byte byte) {
    mark(wire_.bytes.size(), open_);
    wire_.bytes.push_back(byte);
  }
  void mark(std::size_t length, bool may_end) {
    wire_.may_end_at.resize(std::max(wire_.may_end_at.size(), length + 1));
    wire_.may_end_at[length] = wire_.may_end_at[length] || may_end;
  }

  std::string_view text_;
  Wire wire_;
  bool open_ = false;
};

inline std::vector<std::byte> wire(std::string_view text) { return WireParser(text).parse().bytes; }

/// A whole packet: the first byte, the length, and `body`.
inline std::vector<std::byte> packet(std::uint8_t first_byte, std::string_view body) {
  const std::vector<std::byte> content = wire(body);
  std::vector<std::byte> out;
  ByteWriter writer(out);
  writer.write_u8(first_byte);
  writer.write_varint(static_cast<std::uint32_t>(content.size()));
  writer.write_bytes(content);
  return out;
}

inline std::string hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[static_cast<std::size_t>(byte >> 4U)];
    text += kDigits[static_cast<std::size_t>(byte & std::byte{0x0F})];
  }
  return text;
}

/// One row of a table of packets that must be refused. `name` begins with the clause; `body` as above.
struct Malformed {
  std::string name;
  unsigned versions;  ///< kV31, kV311, kV5
  std::uint8_t first_byte;
  std::string body;
  Errc error;
};
inline constexpr unsigned kV31 = 1;
inline constexpr unsigned kV311 = 2;
inline constexpr unsigned kV5 = 4;
inline constexpr unsigned kAll = 7;

inline std::vector<ProtocolVersion> versions_of(unsigned set) {
  std::vector<ProtocolVersion> versions;
  if ((set & kV31) != 0) versions.push_back(ProtocolVersion::V31);
  if ((set & kV311) != 0) versions.push_back(ProtocolVersion::V311);
  if ((set & kV5) != 0) versions.push_back(ProtocolVersion::V5);
  return versions;
}

}  // namespace sluice::mqtt::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "shared/bytes/byte_reader.h"

namespace sluice {

/// Bytes that `value` takes as a variable byte integer. Requires: at most kMaxVarint.
[[nodiscard]] constexpr std::size_t varint_size(std::uint32_t value) {
  return 1U + static_cast<std::size_t>(value > 0x7F) + static_cast<std::size_t>(value > 0x3FFF) +
         static_cast<std::size_t>(value > 0x1F'FFFF);
}

/// Each stores at `at` and returns the place behind it; the room is the caller's affair.
constexpr std::byte* store_u8(std::byte* at, std::uint8_t value) {
  *at = static_cast<std::byte>(value);
  return at + 1;
}
constexpr std::byte* store_u16(std::byte* at, std::uint16_t value) {
  at[0] = static_cast<std::byte>(value >> 8U);
  at[1] = static_cast<std::byte>(value);
  return at + 2;
}
constexpr std::byte* store_u32(std::byte* at, std::uint32_t value) {
  return store_u16(store_u16(at, static_cast<std::uint16_t>(value >> 16U)), static_cast<std::uint16_t>(value));
}
constexpr std::byte* store_varint(std::byte* at, std::uint32_t value) {
  while (value > 0x7F) {
    *at++ = static_cast<std::byte>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  *at++ = static_cast<std::byte>(value);
  return at;
}
inline std::byte* store_bytes(std::byte* at, std::span<const std::byte> bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

/// Appends big-endian values to a buffer that the caller owns and may use again.
/// A value that has no wire form (a block above 65,535 bytes, an integer above kMaxVarint) is left out and makes
/// failed() true. Owner: the stack of an encoder. Thread: the caller's.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) : out_(out) {}

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] bool failed() const { return failed_; }

  void write_u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void write_u16(std::uint16_t value) { store_u16(grow(2), value); }
  void write_u32(std::uint32_t value) { store_u32(grow(4), value); }
  void write_varint(std::uint32_t value) {
    if (value > kMaxVarint) {
      failed_ = true;
    } else {
      store_varint(grow(varint_size(value)), value);
    }
  }
  void write_bytes(std::span<const std::byte> bytes) { store_bytes(grow(bytes.size()), bytes); }
  /// A two-byte length and the bytes [MQTT5 1.5.6].
  void write_block(std::span<const std::byte> bytes) {
    if (bytes.size() > 0xFFFF) {
      failed_ = true;
    } else {
      store_bytes(store_u16(grow(2 + bytes.size()), static_cast<std::uint16_t>(bytes.size())), bytes);
    }
  }
  void write_string(std::string_view text) { write_block(as_bytes(text)); }

  /// Makes room for `size` more bytes and says where; the place is valid until the next write.
  std::byte* grow(std::size_t size) {
    out_.resize(out_.size() + size);
    return out_.data() + (out_.size() - size);
  }

 private:
  std::vector<std::byte>& out_;
  bool failed_ = false;
};

}  // namespace sluice

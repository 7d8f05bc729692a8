// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice {

/// How reading a variable byte integer ended [MQTT5 1.5.5].
enum class VarintStatus : std::uint8_t {
  Ok,
  Incomplete,  ///< the bytes end inside the integer
  TooLong,     ///< a fourth byte that announces a fifth
  NotMinimal,  ///< more bytes than the value needs
};

struct Varint {
  VarintStatus status = VarintStatus::Incomplete;
  std::uint8_t size = 0;  ///< bytes that it took; 0 unless Ok
  std::uint32_t value = 0;
};

/// The largest value of a variable byte integer: four groups of seven bits.
inline constexpr std::uint32_t kMaxVarint = 268'435'455;

/// Reads the variable byte integer that `bytes` begin with. Any thread.
[[nodiscard]] constexpr Varint read_varint(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (std::uint8_t i = 0; i < 4; ++i) {
    if (i == bytes.size()) return {VarintStatus::Incomplete, 0, 0};
    const auto group = static_cast<std::uint32_t>(bytes[i]);
    value |= (group & 0x7FU) << (7U * i);
    if ((group & 0x80U) == 0) {
      if (i > 0 && group == 0) return {VarintStatus::NotMinimal, 0, 0};
      return {VarintStatus::Ok, static_cast<std::uint8_t>(i + 1), value};
    }
  }
  return {VarintStatus::TooLong, 0, 0};
}

[[nodiscard]] constexpr std::uint16_t load_u16(const std::byte* at) {
  return static_cast<std::uint16_t>((static_cast<unsigned>(at[0]) << 8U) | static_cast<unsigned>(at[1]));
}
[[nodiscard]] constexpr std::uint32_t load_u32(const std::byte* at) {
  return (static_cast<std::uint32_t>(load_u16(at)) << 16U) | load_u16(at + 2);
}

[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Walks over bytes that somebody else owns, big-endian, never past their end.
/// Every read returns false, and moves nothing, when fewer bytes are left than it needs.
/// Owner: the stack of a decoder. Thread: the caller's. Views that it hands out live as long as the bytes.
class ByteReader {
 public:
  constexpr explicit ByteReader(std::span<const std::byte> bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] constexpr std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] constexpr bool empty() const { return at_ == end_; }
  /// What is left; reading goes on behind it only by take().
  [[nodiscard]] constexpr std::span<const std::byte> rest() const { return {at_, remaining()}; }

  [[nodiscard]] constexpr bool read_u8(std::uint8_t& value) {
    if (remaining() < 1) return false;
    value = static_cast<std::uint8_t>(*at_++);
    return true;
  }
  [[nodiscard]] constexpr bool read_u16(std::uint16_t& value) {
    if (remaining() < 2) return false;
    value = load_u16(at_);
    at_ += 2;
    return true;
  }
  [[nodiscard]] constexpr bool read_u32(std::uint32_t& value) {
    if (remaining() < 4) return false;
    value = load_u32(at_);
    at_ += 4;
    return true;
  }
  [[nodiscard]] constexpr bool read_bytes(std::size_t size, std::span<const std::byte>& value) {
    if (remaining() < size) return false;
    value = {at_, size};
    at_ += size;
    return true;
  }
  /// A two-byte length and as many bytes [MQTT5 1.5.6].
  [[nodiscard]] constexpr bool read_block(std::span<const std::byte>& value) {
    if (remaining() < 2) return false;
    const std::size_t size = load_u16(at_);
    if (remaining() - 2 < size) return false;
    value = {at_ + 2, size};
    at_ += 2 + size;
    return true;
  }
  constexpr VarintStatus read_varint(std::uint32_t& value) {
    const Varint varint = sluice::read_varint(rest());
    if (varint.status == VarintStatus::Ok) {
      value = varint.value;
      at_ += varint.size;
    }
    return varint.status;
  }

 private:
  const std::byte* at_;
  const std::byte* end_;
};

}  // namespace sluice

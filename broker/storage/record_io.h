// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "broker/storage/record_format.h"
#include "shared/bytes/byte_reader.h"
#include "shared/bytes/byte_writer.h"

/// What all values on disk have in common (FORMAT.md): version, fields, checksum. For the codecs of this folder.
namespace sluice::storage {

inline constexpr std::size_t kChecksumBytes = 4;
[[nodiscard]] std::uint32_t record_checksum(std::span<const std::byte> bytes);

constexpr std::byte* store_u64(std::byte* at, std::uint64_t value) {
  return store_u32(store_u32(at, static_cast<std::uint32_t>(value >> 32U)), static_cast<std::uint32_t>(value));
}
[[nodiscard]] constexpr std::uint64_t load_u64(const std::byte* at) {
  return (static_cast<std::uint64_t>(load_u32(at)) << 32U) | load_u32(at + 4);
}

/// Writes one value over what is in `out`. Aborts where a requirement of record_format.h is broken.
/// Owner: the stack of an encoder. Thread: the caller's.
class RecordWriter {
 public:
  /// Bytes that a text takes at most.
  [[nodiscard]] static constexpr std::size_t room_for(std::size_t text_size) { return text_size + 4; }
  static constexpr std::size_t kRoomForVarint = 4;

  /// `texts`: room for all texts and varints; the numbers of every record fit into what is added to it.
  RecordWriter(std::string& out, std::uint8_t version, std::size_t texts);

  void u8(unsigned value) { at_ = store_u8(at_, static_cast<std::uint8_t>(value)); }
  void u16(std::uint16_t value) { at_ = store_u16(at_, value); }
  void u32(std::uint32_t value) { at_ = store_u32(at_, value); }
  void u64(std::uint64_t value) { at_ = store_u64(at_, value); }
  void time(UnixMillis value) { u64(static_cast<std::uint64_t>(value)); }
  void varint(std::size_t value) {
    if (value > kMaxVarint) fail();
    at_ = store_varint(at_, static_cast<std::uint32_t>(value));
  }
  /// Its length and its bytes.
  void text(std::span<const std::byte> bytes) {
    varint(bytes.size());
    at_ = store_bytes(at_, bytes);
  }
  void text(std::string_view characters) { text(as_bytes(characters)); }
  void topic(std::string_view characters) {
    if (characters.size() > 0xFFFF) fail();
    text(characters);
  }
  /// Nothing may be written behind it.
  void finish();

  [[noreturn]] static void fail();

 private:
  [[nodiscard]] std::byte* begin() const { return reinterpret_cast<std::byte*>(out_.data()); }

  std::string& out_;
  std::byte* at_;
};

/// Reads one value. The first thing that is wrong stays the error; every read behind it gives zero or nothing, so that
/// a decoder asks once, at its end. Owner: the stack of a decoder. Thread: the caller's.
class RecordReader {
 public:
  RecordReader(std::string_view value, std::uint8_t version) { open(as_bytes(value), version); }

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  UnixMillis time() { return static_cast<UnixMillis>(u64()); }
  std::uint32_t varint();
  std::span<const std::byte> text();
  std::string_view characters() { return as_text(text()); }
  /// A text of at most 65,535 bytes.
  std::string_view topic();
  /// The records leave out what is zero or empty: refuses such a value where it is written nevertheless.
  template <class T>
  T present(T value) {
    if (value == T{}) fail(RecordErrc::Malformed);
    return value;
  }
  std::span<const std::byte> present_text();

  void require(bool condition) {
    if (!condition) fail(RecordErrc::Malformed);
  }
  void fail(RecordErrc error);
  [[nodiscard]] std::size_t remaining() const { return left_.remaining(); }
  /// `record` if all of the value was read and nothing was wrong.
  template <class T>
  [[nodiscard]] Result<T> finish(T record) {
    require(left_.empty());
    if (error_) return error_;
    return record;
  }

 private:
  /// Looks at version and checksum.
  void open(std::span<const std::byte> bytes, std::uint8_t version);

  ByteReader left_{{}};
  ErrorCode error_;
};

}  // namespace sluice::storage

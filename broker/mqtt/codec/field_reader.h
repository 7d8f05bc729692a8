// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/mqtt/codec/frame_reader.h"
#include "broker/mqtt/codec/properties.h"
#include "broker/mqtt/codec/reason_code.h"
#include "broker/mqtt/codec/text_rules.h"
#include "shared/bytes/byte_reader.h"

namespace sluice::mqtt {

/// Reads the fields of a packet in order and remembers the first thing that is wrong; later reads then return empty
/// values, so that a decoder can list its fields and ask once. Private to the codec.
class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> body) : reader_(body) {}

  [[nodiscard]] Errc error() const { return error_; }
  [[nodiscard]] bool ok() const { return error_ == Errc::Ok; }
  [[nodiscard]] bool at_end() const { return reader_.empty(); }
  void fail(Errc error) {
    if (ok()) error_ = error;
  }

  std::uint8_t u8() {
    std::uint8_t value = 0;
    if (ok() && !reader_.read_u8(value)) fail(Errc::PacketTruncated);
    return value;
  }
  std::uint16_t u16() {
    std::uint16_t value = 0;
    if (ok() && !reader_.read_u16(value)) fail(Errc::PacketTruncated);
    return value;
  }
  PacketId packet_id() {
    const PacketId id = u16();
    if (id == 0) fail(Errc::PacketIdZero);
    return id;
  }
  std::span<const std::byte> block() {
    std::span<const std::byte> value;
    if (ok() && !reader_.read_block(value)) fail(Errc::PacketTruncated);
    return value;
  }
  std::string_view string() {
    const std::string_view text = as_text(block());
    if (const Errc error = check_string(text); error != Errc::Ok) fail(error);
    return text;
  }
  Reason reason(PacketType type) {
    const auto reason = static_cast<Reason>(u8());
    if (!reason_allowed(type, reason)) fail(Errc::ReasonCodeNotAllowed);
    return reason;
  }
  /// The property length and as many bytes, not yet validated.
  std::span<const std::byte> property_bytes() {
    std::uint32_t size = 0;
    std::span<const std::byte> wire;
    if (!ok()) return wire;
    fail(varint_error(reader_.read_varint(size)));
    if (ok() && !reader_.read_bytes(size, wire)) fail(Errc::PacketTruncated);
    return wire;
  }
  PropertiesView properties(PropertyScope scope) {
    const auto wire = property_bytes();
    if (ok()) fail(validate_properties(wire, scope));
    return PropertiesView(wire);
  }
  /// Everything that is left.
  std::span<const std::byte> rest() {
    const auto bytes = reader_.rest();
    reader_ = ByteReader({});
    return bytes;
  }
  void expect_end() {
    if (!at_end()) fail(Errc::TrailingBytes);
  }

 private:
  ByteReader reader_;
  Errc error_ = Errc::Ok;
};

/// [MQTT-2.1.3-1]. 3.1 calls these flags unused, so nothing is asked of them there.
[[nodiscard]] inline bool flags_valid(const Frame& frame, ProtocolVersion version) {
  const PacketType type = frame.type();
  const bool two = type == PacketType::Pubrel || type == PacketType::Subscribe || type == PacketType::Unsubscribe;
  return version == ProtocolVersion::V31 || frame.flags() == (two ? 2U : 0U);
}

}  // namespace sluice::mqtt

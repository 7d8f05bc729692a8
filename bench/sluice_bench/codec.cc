// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/codec.h"

#include <algorithm>

namespace sluice::bench {
namespace {

constexpr std::uint8_t kReceiveMaximum = 0x21;
constexpr std::uint8_t kFirstRefusal = 0x80;

void put_u16(std::size_t value, Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value & 0xFF));
}

void put_text(std::string_view text, Bytes& out) {
  put_u16(text.size(), out);
  out.insert(out.end(), text.begin(), text.end());
}

void put_varint(std::size_t value, Bytes& out) {
  do {
    auto digit = static_cast<std::uint8_t>(value & 0x7F);
    value >>= 7;
    out.push_back(value > 0 ? static_cast<std::uint8_t>(digit | 0x80) : digit);
  } while (value > 0);
}

void put_packet(std::uint8_t first, const Bytes& body, Bytes& out) {
  out.push_back(first);
  put_varint(body.size(), out);
  out.insert(out.end(), body.begin(), body.end());
}

std::uint16_t get_u16(ByteView from, std::size_t at) {
  return static_cast<std::uint16_t>(from[at] << 8 | from[at + 1]);
}

/// Reads a variable byte integer at `at` and moves `at` behind it; false if it is cut or longer than four bytes.
bool get_varint(ByteView from, std::size_t& at, std::size_t& value) {
  value = 0;
  for (unsigned shift = 0; shift <= 21; shift += 7) {
    if (at >= from.size()) return false;
    const std::uint8_t digit = from[at++];
    value |= static_cast<std::size_t>(digit & 0x7F) << shift;
    if ((digit & 0x80) == 0) return true;
  }
  return false;
}

/// Bytes that the value of an MQTT 5 CONNACK property takes at `at`; 0 if the property is unknown or cut.
std::size_t property_size(std::uint8_t id, ByteView from, std::size_t at) {
  const auto text = [&](std::size_t where) -> std::size_t {
    return where + 2 <= from.size() ? std::size_t{2} + get_u16(from, where) : std::size_t{0};
  };
  switch (id) {
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return 1;
    case 0x13:
    case kReceiveMaximum:
    case 0x22:
      return 2;
    case 0x11:
    case 0x27:
      return 4;
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      return text(at);
    case 0x26: {
      const std::size_t name = text(at);
      return name == 0 ? 0 : name + text(at + name);
    }
    default:
      return 0;
  }
}

}  // namespace

void encode_connect(const ConnectFields& fields, Bytes& out) {
  Bytes body;
  put_text(fields.version == Version::V31 ? "MQIsdp" : "MQTT", body);
  body.push_back(static_cast<std::uint8_t>(fields.version));
  const unsigned flags =
      (fields.username.empty() ? 0U : 0x80U) | (fields.password.empty() ? 0U : 0x40U) | (fields.clean ? 0x02U : 0U);
  body.push_back(static_cast<std::uint8_t>(flags));
  put_u16(fields.keep_alive, body);
  if (fields.version == Version::V5) {
    if (fields.clean) {
      body.push_back(0);
    } else {
      body.insert(body.end(), {5, 0x11, 0xFF, 0xFF, 0xFF, 0xFF});  // the session never expires
    }
  }
  put_text(fields.client_id, body);
  if (!fields.username.empty()) put_text(fields.username, body);
  if (!fields.password.empty()) put_text(fields.password, body);
  put_packet(0x10, body, out);
}

void encode_subscribe(Version version, std::uint16_t id, std::span<const std::string> filters, std::uint8_t qos,
                      Bytes& out) {
  Bytes body;
  put_u16(id, body);
  if (version == Version::V5) body.push_back(0);
  for (const auto& filter : filters) {
    put_text(filter, body);
    body.push_back(qos);
  }
  put_packet(0x82, body, out);
}

void encode_unsubscribe(Version version, std::uint16_t id, std::span<const std::string> filters, Bytes& out) {
  Bytes body;
  put_u16(id, body);
  if (version == Version::V5) body.push_back(0);
  for (const auto& filter : filters) put_text(filter, body);
  put_packet(0xA2, body, out);
}

std::array<std::uint8_t, 4> encode_ack(PacketType type, std::uint16_t id) {
  const unsigned reserved = type == PacketType::Pubrel ? 2U : 0U;
  return {static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | reserved), 2, static_cast<std::uint8_t>(id >> 8),
          static_cast<std::uint8_t>(id & 0xFF)};
}

PublishTemplate encode_publish(Version version, std::string_view topic, std::uint8_t qos, bool retain,
                               std::size_t payload_size) {
  Bytes body;
  put_text(topic, body);
  const std::size_t id = body.size();
  if (qos > 0) put_u16(0, body);
  if (version == Version::V5) body.push_back(0);
  const std::size_t payload = body.size();
  body.resize(payload + payload_size, 'x');

  PublishTemplate made;
  put_packet(static_cast<std::uint8_t>(0x30 | qos << 1 | (retain ? 1 : 0)), body, made.bytes);
  const std::size_t header = made.bytes.size() - body.size();
  made.topic = header + 2;
  made.id = qos > 0 ? header + id : 0;
  made.payload = header + payload;
  return made;
}

FrameStatus next_frame(ByteView input, Frame& frame) {
  if (input.size() < 2) return FrameStatus::NeedMore;
  std::size_t at = 1;
  std::size_t length = 0;
  if (!get_varint(input, at, length)) return input.size() >= 5 ? FrameStatus::Malformed : FrameStatus::NeedMore;
  if (input.size() - at < length) return FrameStatus::NeedMore;
  frame.type = static_cast<PacketType>(input[0] >> 4);
  frame.flags = input[0] & 0x0F;
  frame.body = input.subspan(at, length);
  frame.size = at + length;
  return FrameStatus::Complete;
}

bool decode_publish(const Frame& frame, Version version, PublishFields& fields) {
  const ByteView body = frame.body;
  if (body.size() < 2) return false;
  std::size_t at = std::size_t{2} + get_u16(body, 0);
  fields.qos = frame.flags >> 1 & 3;
  if (fields.qos > 0) {
    if (body.size() < at + 2) return false;
    fields.id = get_u16(body, at);
    at += 2;
  }
  if (version == Version::V5) {
    std::size_t length = 0;
    if (!get_varint(body, at, length)) return false;
    at += length;
  }
  if (body.size() < at) return false;
  fields.payload = body.subspan(at);
  return true;
}

bool decode_connack(const Frame& frame, Version version, ConnackFields& fields) {
  const ByteView body = frame.body;
  if (body.size() < 2) return false;
  fields.code = body[1];
  if (version != Version::V5 || body.size() == 2) return true;
  std::size_t at = 2;
  std::size_t length = 0;
  if (!get_varint(body, at, length) || body.size() - at < length) return false;
  const std::size_t end = at + length;
  while (at < end) {
    const std::uint8_t id = body[at++];
    const std::size_t size = property_size(id, body, at);
    if (size == 0 || end - at < size) return false;
    if (id == kReceiveMaximum) fields.receive_maximum = get_u16(body, at);
    at += size;
  }
  return true;
}

std::uint16_t decode_id(const Frame& frame) {
  return frame.body.size() < 2 ? std::uint16_t{0} : get_u16(frame.body, 0);
}

std::size_t count_refused(const Frame& frame, Version version) {
  std::size_t at = 2;
  std::size_t length = 0;
  if (version == Version::V5) {
    if (!get_varint(frame.body, at, length)) return 1;
    at += length;
  }
  if (at >= frame.body.size()) return 1;
  const ByteView codes = frame.body.subspan(at);
  return static_cast<std::size_t>(
      std::count_if(codes.begin(), codes.end(), [](std::uint8_t code) { return code >= kFirstRefusal; }));
}

}  // namespace sluice::bench

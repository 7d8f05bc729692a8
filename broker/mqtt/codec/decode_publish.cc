// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/field_reader.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kRetain = 0x01;
constexpr unsigned kQos = 0x06;
constexpr unsigned kDup = 0x08;

Qos qos_of(const Frame& frame) { return static_cast<Qos>((frame.first_byte & kQos) >> 1U); }

PropertyScope scope_of_ack(PacketType type) {
  switch (type) {
    case PacketType::Puback:
      return kInPuback;
    case PacketType::Pubrec:
      return kInPubrec;
    case PacketType::Pubrel:
      return kInPubrel;
    default:
      return kInPubcomp;
  }
}

/// What comes with the properties: alone decided by them, or by them and the topic.
Errc read_publish_properties(std::span<const std::byte> wire, PublishView& packet) {
  if (!wire.empty()) {
    const Errc error = read_message_properties(wire, kInPublish, packet.message);
    if (error != Errc::Ok) return error;
  }
  return packet.topic.empty() && packet.message.topic_alias == 0 ? Errc::TopicEmptyWithoutAlias : Errc::Ok;
}

/// Where the parts of the packet are.
struct Parts {
  std::span<const std::byte> topic;
  std::span<const std::byte> properties;
  std::span<const std::byte> payload;
  PacketId packet_id = 0;
};

/// Makes the result in the place where the caller wants it: a copy would cost as much as all the rest.
Result<PublishView> make_publish(const Frame& frame, ProtocolVersion version, const Parts& parts) {
  Result<PublishView> result(boost::system::in_place_value, as_text(parts.topic), parts.payload,
                             PropertiesView(parts.properties), MessageProperties{}, parts.packet_id, qos_of(frame),
                             (frame.first_byte & kRetain) != 0, (frame.first_byte & kDup) != 0);
  if (version == ProtocolVersion::V5) {
    const Errc error = read_publish_properties(parts.properties, *result);
    if (error != Errc::Ok) result = error;
  }
  return result;
}

}  // namespace

Errc check_topic_name_slowly(std::string_view topic) {
  if (const Errc error = check_string(topic); error != Errc::Ok) return error;
  return topic.find_first_of("+#") == std::string_view::npos ? Errc::Ok : Errc::TopicWildcard;
}

Result<PublishView> decode_publish(const Frame& frame, ProtocolVersion version) {
  const bool v5 = version == ProtocolVersion::V5;
  const bool acknowledged = (frame.first_byte & kQos) != 0;
  if ((frame.first_byte & kQos) == kQos) return Errc::QosReserved;
  // 3.1 gives DUP with QoS 0 no meaning, but does not forbid it.
  if ((frame.first_byte & kDup) != 0 && !acknowledged && version != ProtocolVersion::V31) return Errc::DupWithQos0;

  ByteReader reader(frame.body);
  Parts parts;
  if (!reader.read_block(parts.topic)) return Errc::PacketTruncated;
  if (parts.topic.empty() && !v5) return Errc::TopicEmpty;
  if (acknowledged) {
    if (!reader.read_u16(parts.packet_id)) return Errc::PacketTruncated;
    if (parts.packet_id == 0) return Errc::PacketIdZero;
  }
  if (v5) {
    std::uint32_t size = 0;
    if (const Errc error = varint_error(reader.read_varint(size)); error != Errc::Ok) return error;
    if (!reader.read_bytes(size, parts.properties)) return Errc::PacketTruncated;
  }
  if (const Errc error = check_topic_name(as_text(parts.topic)); error != Errc::Ok) return error;
  parts.payload = reader.rest();
  return make_publish(frame, version, parts);
}

Result<AckFields> decode_ack(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  AckFields packet;
  packet.packet_id = fields.packet_id();
  if (version == ProtocolVersion::V5 && !fields.at_end()) {
    packet.reason = fields.reason(frame.type());
    if (!fields.at_end()) packet.properties = fields.properties(scope_of_ack(frame.type()));
  }
  fields.expect_end();
  if (!fields.ok()) return fields.error();
  return packet;
}

}  // namespace sluice::mqtt

// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/field_reader.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kRetain = 0x01;
constexpr unsigned kDup = 0x08;

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

Errc read_publish_properties(ByteReader& reader, PublishView& packet) {
  std::uint32_t size = 0;
  if (const Errc error = varint_error(reader.read_varint(size)); error != Errc::Ok) return error;
  std::span<const std::byte> wire;
  if (!reader.read_bytes(size, wire)) return Errc::PacketTruncated;
  packet.properties = PropertiesView(wire);
  return size == 0 ? Errc::Ok : read_message_properties(wire, kInPublish, packet.message);
}

/// Everything about the topic that the topic alone decides.
Errc check_publish_topic(const PublishView& packet, ProtocolVersion version) {
  if (!packet.topic.empty()) return check_topic_name(packet.topic);
  if (version == ProtocolVersion::V5) {
    return packet.message.topic_alias == 0 ? Errc::TopicEmptyWithoutAlias : Errc::Ok;
  }
  return Errc::TopicEmpty;
}

Errc read_publish(const Frame& frame, ProtocolVersion version, PublishView& packet) {
  const unsigned qos = (frame.first_byte >> 1U) & 3U;
  packet.qos = static_cast<Qos>(qos);
  packet.retain = (frame.first_byte & kRetain) != 0;
  packet.dup = (frame.first_byte & kDup) != 0;
  if (qos == 3) return Errc::QosReserved;
  // 3.1 gives DUP with QoS 0 no meaning, but does not forbid it.
  if (packet.dup && qos == 0 && version != ProtocolVersion::V31) return Errc::DupWithQos0;

  ByteReader reader(frame.body);
  std::span<const std::byte> topic;
  if (!reader.read_block(topic)) return Errc::PacketTruncated;
  packet.topic = as_text(topic);
  if (qos != 0) {
    if (!reader.read_u16(packet.packet_id)) return Errc::PacketTruncated;
    if (packet.packet_id == 0) return Errc::PacketIdZero;
  }
  if (version == ProtocolVersion::V5) {
    if (const Errc error = read_publish_properties(reader, packet); error != Errc::Ok) return error;
  }
  packet.payload = reader.rest();
  return check_publish_topic(packet, version);
}

}  // namespace

Result<PublishView> decode_publish(const Frame& frame, ProtocolVersion version) {
  Result<PublishView> result;
  const Errc error = read_publish(frame, version, *result);
  if (error != Errc::Ok) result = error;
  return result;
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

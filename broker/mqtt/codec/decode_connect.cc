// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/field_reader.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kReservedFlag = 0x01;
constexpr unsigned kCleanStart = 0x02;
constexpr unsigned kWill = 0x04;
constexpr unsigned kWillQos = 0x18;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kUsername = 0x80;
constexpr std::uint8_t kBridgeLevel = 0x80;

/// Name and level together say the version [MQTT-3.1.2-1, MQTT-3.1.2-2].
void read_version(FieldReader& fields, ConnectPacket& packet) {
  const std::string_view name = as_text(fields.block());
  const std::uint8_t level = fields.u8();
  if (!fields.ok()) return;
  if (name != "MQTT" && name != "MQIsdp") return fields.fail(Errc::ProtocolNameUnknown);
  packet.bridge = (level & kBridgeLevel) != 0;
  const auto version = static_cast<ProtocolVersion>(level & ~kBridgeLevel);
  const bool known = name == "MQTT" ? version == ProtocolVersion::V311 || version == ProtocolVersion::V5
                                    : version == ProtocolVersion::V31;
  if (!known) return fields.fail(Errc::ProtocolLevelUnknown);
  packet.version = version;
}

Errc check_connect_flags(unsigned flags, ProtocolVersion version) {
  const bool will = (flags & kWill) != 0;
  if (will && (flags & kWillQos) == kWillQos) return Errc::WillQosReserved;
  // 3.1 calls the reserved bit unused and says that will QoS and will retain count only with a will.
  if (version == ProtocolVersion::V31) return Errc::Ok;
  if ((flags & kReservedFlag) != 0) return Errc::ConnectFlagReserved;
  if (!will && (flags & (kWillQos | kWillRetain)) != 0) return Errc::WillFlagsWithoutWill;
  const bool password_alone = (flags & (kPassword | kUsername)) == kPassword;
  if (version == ProtocolVersion::V311 && password_alone) return Errc::PasswordWithoutUsername;
  return Errc::Ok;
}

WillView read_will(FieldReader& fields, unsigned flags, ProtocolVersion version) {
  WillView will;
  will.qos = static_cast<Qos>((flags & kWillQos) >> 3U);
  will.retain = (flags & kWillRetain) != 0;
  if (version == ProtocolVersion::V5) {
    will.properties = PropertiesView(fields.property_bytes());
    if (fields.ok()) fields.fail(read_message_properties(will.properties.wire(), kInWill, will.message));
  }
  will.topic = fields.string();
  if (fields.ok() && !is_topic_name(will.topic)) fields.fail(Errc::WillTopicInvalid);
  will.payload = fields.block();
  return will;
}

void read_credentials(FieldReader& fields, unsigned flags, ConnectPacket& packet) {
  // "Remaining Length takes precedence over the User Name flag" [MQTT 3.1, User name and password].
  const bool may_miss = packet.version == ProtocolVersion::V31;
  const auto expected = [&](unsigned flag) { return (flags & flag) != 0 && !(may_miss && fields.at_end()); };
  if (expected(kUsername)) packet.username = fields.string();
  if (expected(kPassword)) packet.password = fields.block();
}

}  // namespace

Result<ConnectPacket> decode_connect(const Frame& frame) {
  if (frame.flags() != 0) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  ConnectPacket packet;
  read_version(fields, packet);
  const unsigned flags = fields.u8();
  packet.keep_alive_seconds = fields.u16();
  if (fields.ok()) fields.fail(check_connect_flags(flags, packet.version));
  packet.clean_start = (flags & kCleanStart) != 0;
  if (packet.version == ProtocolVersion::V5) packet.properties = fields.properties(kInConnect);
  packet.client_id = fields.string();
  if (fields.ok() && (flags & kWill) != 0) packet.will = read_will(fields, flags, packet.version);
  if (fields.ok()) read_credentials(fields, flags, packet);
  fields.expect_end();
  if (!fields.ok()) return fields.error();
  return packet;
}

Result<ConnackPacket> decode_connack(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  ConnackPacket packet;
  const std::uint8_t flags = fields.u8();
  if (version == ProtocolVersion::V5) {
    packet.reason = fields.reason(PacketType::Connack);
    packet.properties = fields.properties(kInConnack);
  } else {
    const auto reason = connack_reason_v3(fields.u8());
    if (!reason) fields.fail(Errc::ReasonCodeNotAllowed);
    packet.reason = reason.value_or(Reason::UnspecifiedError);
  }
  fields.expect_end();
  // The byte is unused in 3.1.
  if (version != ProtocolVersion::V31) {
    if ((flags & 0xFEU) != 0) fields.fail(Errc::ConnackFlagsReserved);
    packet.session_present = (flags & 1U) != 0;
    if (packet.session_present && packet.reason != Reason::Success) fields.fail(Errc::SessionPresentWithError);
  }
  if (!fields.ok()) return fields.error();
  return packet;
}

Result<PingreqPacket> decode_pingreq(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  if (!frame.body.empty()) return Errc::TrailingBytes;
  return PingreqPacket{};
}

Result<PingrespPacket> decode_pingresp(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  if (!frame.body.empty()) return Errc::TrailingBytes;
  return PingrespPacket{};
}

Result<DisconnectPacket> decode_disconnect(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  DisconnectPacket packet;
  if (version == ProtocolVersion::V5 && !fields.at_end()) {
    packet.reason = fields.reason(PacketType::Disconnect);
    if (!fields.at_end()) packet.properties = fields.properties(kInDisconnect);
  }
  fields.expect_end();
  if (!fields.ok()) return fields.error();
  return packet;
}

Result<AuthPacket> decode_auth(const Frame& frame, ProtocolVersion version) {
  if (version != ProtocolVersion::V5) return Errc::ReservedPacketType;
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  AuthPacket packet;
  if (!fields.at_end()) {
    packet.reason = fields.reason(PacketType::Auth);
    if (!fields.at_end()) packet.properties = fields.properties(kInAuth);
  }
  fields.expect_end();
  if (!fields.ok()) return fields.error();
  return packet;
}

}  // namespace sluice::mqtt

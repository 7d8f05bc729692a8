// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/encode.h"

#include <algorithm>
#include <variant>

#include "broker/mqtt/codec/error.h"
#include "broker/mqtt/codec/reason_code.h"
#include "shared/bytes/byte_writer.h"

namespace sluice::mqtt {
namespace {

constexpr std::size_t kLongestHeader = 5;

/// One packet under construction: the body is written behind room for the longest fixed header and moved up once its
/// length is known.
class PacketWriter {
 public:
  explicit PacketWriter(std::vector<std::byte>& out) : out_(out), start_(out.size()), body_(out) {
    body_.grow(kLongestHeader);
  }

  ByteWriter& body() { return body_; }

  void properties(PropertiesView view) {
    body_.write_varint(static_cast<std::uint32_t>(std::min<std::size_t>(view.wire().size(), kMaxVarint + 1U)));
    body_.write_bytes(view.wire());
  }
  void reason(PacketType type, Reason reason) { body_.write_u8(static_cast<std::uint8_t>(legal_reason(type, reason))); }

  ErrorCode finish(PacketType type, unsigned flags) {
    const std::size_t body_size = out_.size() - start_ - kLongestHeader;
    if (body_.failed() || body_size > kMaxVarint) {
      out_.resize(start_);
      return body_.failed() ? Errc::FieldTooLong : Errc::PacketTooLarge;
    }
    const auto remaining = static_cast<std::uint32_t>(body_size);
    const auto unused = static_cast<std::ptrdiff_t>(kLongestHeader - 1 - varint_size(remaining));
    std::byte* at =
        store_u8(out_.data() + start_, static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4U) | flags));
    at = store_varint(at, remaining);
    const auto behind_header = out_.begin() + (at - out_.data());
    out_.erase(behind_header, behind_header + unused);
    return {};
  }

 private:
  std::vector<std::byte>& out_;
  std::size_t start_;
  ByteWriter body_;
};

/// Packets that may leave out a Success and an empty property list [MQTT5 3.4.2.1].
void write_reason_and_properties(PacketWriter& writer, PacketType type, Reason reason, PropertiesView properties) {
  const Reason legal = legal_reason(type, reason);
  if (legal == Reason::Success && properties.empty()) return;
  writer.reason(type, legal);
  if (!properties.empty()) writer.properties(properties);
}

ErrorCode encode_ack(const AckFields& packet, PacketType type, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  writer.body().write_u16(packet.packet_id);
  if (version == ProtocolVersion::V5) write_reason_and_properties(writer, type, packet.reason, packet.properties);
  return writer.finish(type, type == PacketType::Pubrel ? 2U : 0U);
}

unsigned connect_flags(const ConnectPacket& packet) {
  unsigned flags = packet.clean_start ? 0x02U : 0U;
  if (packet.will) {
    flags |= 0x04U | (static_cast<unsigned>(packet.will->qos) << 3U) | (packet.will->retain ? 0x20U : 0U);
  }
  return flags | (packet.password ? 0x40U : 0U) | (packet.username ? 0x80U : 0U);
}

void write_reasons(PacketWriter& writer, PacketType type, const ReasonList& reasons, ProtocolVersion version) {
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (version == ProtocolVersion::V5) {
      writer.reason(type, reasons[i]);
    } else {
      writer.body().write_u8(suback_code_v3(reasons[i]));
    }
  }
}

}  // namespace

ErrorCode encode(const Packet& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  return std::visit(
      [&](const auto& alternative) {
        if constexpr (std::is_same_v<std::decay_t<decltype(alternative)>, ConnectPacket>) {
          return encode(alternative, out);
        } else {
          return encode(alternative, version, out);
        }
      },
      packet);
}

ErrorCode encode(const ConnectPacket& packet, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  ByteWriter& body = writer.body();
  const bool v5 = packet.version == ProtocolVersion::V5;
  body.write_string(packet.version == ProtocolVersion::V31 ? "MQIsdp" : "MQTT");
  body.write_u8(static_cast<std::uint8_t>(static_cast<unsigned>(packet.version) | (packet.bridge ? 0x80U : 0U)));
  body.write_u8(static_cast<std::uint8_t>(connect_flags(packet)));
  body.write_u16(packet.keep_alive_seconds);
  if (v5) writer.properties(packet.properties);
  body.write_string(packet.client_id);
  if (packet.will) {
    if (v5) writer.properties(packet.will->properties);
    body.write_string(packet.will->topic);
    body.write_block(packet.will->payload);
  }
  if (packet.username) body.write_string(*packet.username);
  if (packet.password) body.write_block(*packet.password);
  return writer.finish(PacketType::Connect, 0);
}

ErrorCode encode(const ConnackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  const bool session_present = packet.session_present && !is_error(packet.reason);
  writer.body().write_u8(session_present && version != ProtocolVersion::V31 ? 1 : 0);
  if (version == ProtocolVersion::V5) {
    writer.reason(PacketType::Connack, packet.reason);
    writer.properties(packet.properties);
  } else {
    writer.body().write_u8(connack_code_v3(packet.reason));
  }
  return writer.finish(PacketType::Connack, 0);
}

ErrorCode encode(const PublishView& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  writer.body().write_string(packet.topic);
  if (packet.qos != Qos::AtMostOnce) writer.body().write_u16(packet.packet_id);
  if (version == ProtocolVersion::V5) writer.properties(packet.properties);
  writer.body().write_bytes(packet.payload);
  const unsigned qos = static_cast<unsigned>(packet.qos);
  return writer.finish(PacketType::Publish, (qos << 1U) | (packet.retain ? 1U : 0U) | (packet.dup ? 8U : 0U));
}

ErrorCode encode(const PubackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  return encode_ack(packet, PacketType::Puback, version, out);
}
ErrorCode encode(const PubrecPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  return encode_ack(packet, PacketType::Pubrec, version, out);
}
ErrorCode encode(const PubrelPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  return encode_ack(packet, PacketType::Pubrel, version, out);
}
ErrorCode encode(const PubcompPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  return encode_ack(packet, PacketType::Pubcomp, version, out);
}

ErrorCode encode(const SubscribePacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  writer.body().write_u16(packet.packet_id);
  if (version == ProtocolVersion::V5) {
    writer.properties(packet.properties);
    writer.body().write_bytes(packet.subscriptions.wire());
  } else {
    // What 5.0 added to the options is reserved in 3.x.
    for (const Subscription& subscription : packet.subscriptions) {
      writer.body().write_string(subscription.filter);
      writer.body().write_u8(static_cast<std::uint8_t>(subscription.options.qos));
    }
  }
  return writer.finish(PacketType::Subscribe, 2);
}

ErrorCode encode(const SubackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  writer.body().write_u16(packet.packet_id);
  if (version == ProtocolVersion::V5) writer.properties(packet.properties);
  write_reasons(writer, PacketType::Suback, packet.reasons, version);
  return writer.finish(PacketType::Suback, 0);
}

ErrorCode encode(const UnsubscribePacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  writer.body().write_u16(packet.packet_id);
  if (version == ProtocolVersion::V5) writer.properties(packet.properties);
  writer.body().write_bytes(packet.filters.wire());
  return writer.finish(PacketType::Unsubscribe, 2);
}

ErrorCode encode(const UnsubackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  writer.body().write_u16(packet.packet_id);
  if (version == ProtocolVersion::V5) {
    writer.properties(packet.properties);
    write_reasons(writer, PacketType::Unsuback, packet.reasons, version);
  }
  return writer.finish(PacketType::Unsuback, 0);
}

ErrorCode encode(const PingreqPacket& /*packet*/, ProtocolVersion /*version*/, std::vector<std::byte>& out) {
  return PacketWriter(out).finish(PacketType::Pingreq, 0);
}

ErrorCode encode(const PingrespPacket& /*packet*/, ProtocolVersion /*version*/, std::vector<std::byte>& out) {
  return PacketWriter(out).finish(PacketType::Pingresp, 0);
}

ErrorCode encode(const DisconnectPacket& packet, ProtocolVersion version, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  if (version == ProtocolVersion::V5) {
    write_reason_and_properties(writer, PacketType::Disconnect, packet.reason, packet.properties);
  }
  return writer.finish(PacketType::Disconnect, 0);
}

ErrorCode encode(const AuthPacket& packet, ProtocolVersion /*version*/, std::vector<std::byte>& out) {
  PacketWriter writer(out);
  write_reason_and_properties(writer, PacketType::Auth, packet.reason, packet.properties);
  return writer.finish(PacketType::Auth, 0);
}

bool append_subscription(std::vector<std::byte>& out, std::string_view filter, const SubscriptionOptions& options) {
  if (!append_filter(out, filter)) return false;
  ByteWriter(out).write_u8(encode_options(options));
  return true;
}

bool append_filter(std::vector<std::byte>& out, std::string_view filter) {
  ByteWriter writer(out);
  writer.write_string(filter);
  return !writer.failed();
}

}  // namespace sluice::mqtt

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mqtt_packets.h"

#include <array>
#include <cstdio>

namespace sluice::test {

std::string_view type_name(Type type) {
  static constexpr std::array<std::string_view, 16> kNames = {
      "RESERVED",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
      "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
  return kNames.at(static_cast<std::size_t>(type) & 0x0F);
}

std::optional<PropKind> prop_kind(std::uint8_t id) {
  switch (static_cast<Prop>(id)) {
    case Prop::PayloadFormat:
    case Prop::RequestProblem:
    case Prop::RequestResponse:
    case Prop::MaximumQos:
    case Prop::RetainAvailable:
    case Prop::WildcardAvailable:
    case Prop::SubscriptionIdAvailable:
    case Prop::SharedAvailable:
      return PropKind::Byte;
    case Prop::ServerKeepAlive:
    case Prop::ReceiveMaximum:
    case Prop::TopicAliasMaximum:
    case Prop::TopicAlias:
      return PropKind::TwoBytes;
    case Prop::MessageExpiry:
    case Prop::SessionExpiry:
    case Prop::WillDelay:
    case Prop::MaximumPacketSize:
      return PropKind::FourBytes;
    case Prop::SubscriptionId:
      return PropKind::VarInt;
    case Prop::ContentType:
    case Prop::ResponseTopic:
    case Prop::AssignedClientId:
    case Prop::AuthMethod:
    case Prop::ResponseInfo:
    case Prop::ServerReference:
    case Prop::ReasonString:
      return PropKind::Text;
    case Prop::CorrelationData:
    case Prop::AuthData:
      return PropKind::Binary;
    case Prop::UserProperty:
      return PropKind::Pair;
  }
  return std::nullopt;
}

Bytes u8(unsigned value) { return Bytes(1, static_cast<char>(value)); }
Bytes u16(unsigned value) { return u8(value >> 8) + u8(value); }
Bytes u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xFFFF); }

Bytes varint(std::uint32_t value) {
  Bytes out;
  do {
    const std::uint32_t rest = value >> 7;
    out += u8((value & 0x7F) | (rest != 0 ? 0x80U : 0U));
    value = rest;
  } while (value != 0);
  return out;
}

Bytes field(std::string_view content) { return u16(static_cast<unsigned>(content.size())) + Bytes(content); }

Bytes packet(Type type, unsigned flags, std::string_view body) {
  return u8(static_cast<unsigned>(type) << 4 | flags) + varint(static_cast<std::uint32_t>(body.size())) + Bytes(body);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    std::array<char, 4> text{};
    std::snprintf(text.data(), text.size(), "%02x ", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    out += text.data();
  }
  return out;
}

Props& Props::with(Prop id, std::uint32_t number) {
  body_ += u8(static_cast<unsigned>(id));
  switch (*prop_kind(static_cast<std::uint8_t>(id))) {
    case PropKind::Byte:
      body_ += u8(number);
      break;
    case PropKind::TwoBytes:
      body_ += u16(number);
      break;
    case PropKind::FourBytes:
      body_ += u32(number);
      break;
    default:
      body_ += varint(number);
      break;
  }
  return *this;
}

Props& Props::with(Prop id, std::string_view content) {
  body_ += u8(static_cast<unsigned>(id)) + field(content);
  return *this;
}

Props& Props::user(std::string_view name, std::string_view value) {
  body_ += u8(static_cast<unsigned>(Prop::UserProperty)) + field(name) + field(value);
  return *this;
}

Props& Props::raw(std::string_view bytes) {
  body_ += bytes;
  return *this;
}

Bytes Connect::bytes(int version) const {
  const auto [name, level] =
      protocol_.value_or(std::pair<std::string_view, unsigned>(version == 3 ? "MQIsdp" : "MQTT", version));
  unsigned flags = clean_ ? 0x02 : 0x00;
  if (will_) flags |= 0x04U | will_->qos << 3 | (will_->retain ? 0x20U : 0U);
  if (password_) flags |= 0x40;
  if (user_) flags |= 0x80;
  Bytes body = field(name) + u8(level) + u8(flags ^ flipped_) + u16(keep_alive_);
  if (version == 5) body += props_.bytes();
  body += field(id_);
  if (will_ && version == 5) body += will_->props.bytes();
  if (will_) body += field(will_->topic) + field(will_->payload);
  if (user_) body += field(*user_);
  if (password_) body += field(*password_);
  return packet(Type::Connect, 0, body);
}

Bytes Publish::bytes(int version) const {
  Bytes body = field(topic_);
  if (qos_ != 0) body += u16(packet_id_);
  if (version == 5) body += props_.bytes();
  return packet(Type::Publish, (dup_ ? 8U : 0U) | qos_ << 1 | (retain_ ? 1U : 0U), body + payload_);
}

Bytes Subscribe::bytes(int version) const {
  return packet(Type::Subscribe, 2, u16(packet_id_) + (version == 5 ? props_.bytes() : Bytes()) + entries_);
}

Bytes Unsubscribe::bytes(int version) const {
  return packet(Type::Unsubscribe, 2, u16(packet_id_) + (version == 5 ? Props().bytes() : Bytes()) + entries_);
}

Bytes Ack::bytes(int version) const {
  Bytes body = u16(packet_id_);
  if (version == 5 && (reason_ != 0 || props_)) body += u8(reason_);
  if (version == 5 && props_) body += props_->bytes();
  return packet(type_, type_ == Type::PubRel ? 2 : 0, body);
}

Disconnect& Disconnect::with(Prop property, std::uint32_t number) {
  if (!props_) props_.emplace();
  props_->with(property, number);
  return *this;
}

Disconnect& Disconnect::with(Prop property, std::string_view content) {
  if (!props_) props_.emplace();
  props_->with(property, content);
  return *this;
}

Bytes Disconnect::bytes(int version) const {
  Bytes body;
  if (version == 5 && (reason_ != 0 || props_)) body += u8(reason_);
  if (version == 5 && props_) body += props_->bytes();
  return packet(Type::Disconnect, 0, body);
}

Bytes Auth::bytes(int) const { return packet(Type::Auth, 0, u8(reason_) + props_.bytes()); }

}  // namespace sluice::test

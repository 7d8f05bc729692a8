// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mqtt_decoder.h"

#include <algorithm>
#include <initializer_list>
#include <sstream>

namespace sluice::test {
namespace {

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

bool valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = byte_at(text, at);
    const unsigned length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 4;
    if (lead == 0 || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || at + length > text.size()) return false;
    std::uint32_t code = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte_at(text, at + i) & 0xC0) != 0x80) return false;
      code = code << 6 | (byte_at(text, at + i) & 0x3F);
    }
    const std::uint32_t least = length == 3 ? 0x800 : length == 4 ? 0x10000 : 0;
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    at += length;
  }
  return true;
}

/// Reads fields one after the other; every step out of bounds is a ScriptError.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) throw ScriptError("packet ends inside a field");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  unsigned u8() { return byte_at(take(1), 0); }
  unsigned u16() {
    const unsigned high = u8();
    return high << 8 | u8();
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::uint32_t varint() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const unsigned byte = u8();
      value |= (byte & 0x7F) << shift;
      if ((byte & 0x80) != 0) continue;
      if (byte == 0 && shift != 0) throw ScriptError("variable byte integer is longer than needed");
      return value;
    }
    throw ScriptError("variable byte integer has more than four bytes");
  }
  Bytes binary() { return Bytes(take(u16())); }
  Bytes text() {
    Bytes text = binary();
    if (!valid_utf8(text)) throw ScriptError("ill-formed UTF-8 string: " + hex(text));
    return text;
  }
  Bytes everything() { return Bytes(take(rest_.size())); }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

template <class Value>
bool contains(std::initializer_list<Value> values, Value value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// Table 2-4 of the specification, as far as a server sends.
bool may_carry(Type type, Prop id) {
  if (id == Prop::UserProperty) return true;
  if (id == Prop::ReasonString) return type != Type::Publish;
  switch (type) {
    case Type::ConnAck:
      return contains({Prop::SessionExpiry, Prop::AssignedClientId, Prop::ServerKeepAlive, Prop::AuthMethod,
                       Prop::AuthData, Prop::ResponseInfo, Prop::ServerReference, Prop::ReceiveMaximum,
                       Prop::TopicAliasMaximum, Prop::MaximumQos, Prop::RetainAvailable, Prop::MaximumPacketSize,
                       Prop::WildcardAvailable, Prop::SubscriptionIdAvailable, Prop::SharedAvailable},
                      id);
    case Type::Publish:
      return contains({Prop::PayloadFormat, Prop::MessageExpiry, Prop::ContentType, Prop::ResponseTopic,
                       Prop::CorrelationData, Prop::SubscriptionId, Prop::TopicAlias},
                      id);
    case Type::Disconnect:
      return id == Prop::ServerReference;
    case Type::Auth:
      return id == Prop::AuthMethod || id == Prop::AuthData;
    default:
      return false;
  }
}

/// Section 2.4 of the specification, as far as a server sends.
bool may_say(Type type, unsigned reason) {
  switch (type) {
    case Type::ConnAck:
      return reason == 0 || (reason >= 0x80 && reason <= 0x8A) ||
             contains({0x8CU, 0x90U, 0x95U, 0x97U, 0x99U, 0x9AU, 0x9BU, 0x9CU, 0x9DU, 0x9FU}, reason);
    case Type::PubAck:
    case Type::PubRec:
      return contains({0U, 0x10U, 0x80U, 0x83U, 0x87U, 0x90U, 0x91U, 0x97U, 0x99U}, reason);
    case Type::PubRel:
    case Type::PubComp:
      return reason == 0 || reason == 0x92;
    case Type::SubAck:
      return contains({0U, 1U, 2U, 0x80U, 0x83U, 0x87U, 0x8FU, 0x91U, 0x97U, 0x9EU, 0xA1U, 0xA2U}, reason);
    case Type::UnsubAck:
      return contains({0U, 0x11U, 0x80U, 0x83U, 0x87U, 0x8FU, 0x91U}, reason);
    case Type::Disconnect:
      return contains({0U, 0x80U, 0x81U, 0x82U, 0x83U, 0x87U, 0x89U, 0x8BU, 0x8DU, 0x8EU}, reason) ||
             (reason >= 0x8F && reason <= 0xA2 && !contains({0x91U, 0x92U}, reason));
    case Type::Auth:
      return contains({0U, 0x18U, 0x19U}, reason);
    default:
      return true;
  }
}

std::vector<Property> read_properties(Reader& reader, Type type) {
  Reader list(reader.take(reader.varint()));
  std::vector<Property> properties;
  while (!list.empty()) {
    const unsigned id = list.u8();
    const std::optional<PropKind> kind = prop_kind(static_cast<std::uint8_t>(id));
    if (!kind || !may_carry(type, static_cast<Prop>(id))) {
      throw ScriptError("property " + std::to_string(id) + " must not be in a server's " + Bytes(type_name(type)));
    }
    Property property{.id = static_cast<Prop>(id), .number = 0, .content = {}, .name = {}};
    const bool repeatable = property.id == Prop::UserProperty || property.id == Prop::SubscriptionId;
    if (!repeatable && std::ranges::count(properties, property.id, &Property::id) != 0) {
      throw ScriptError("property " + std::to_string(id) + " is there twice");
    }
    switch (*kind) {
      case PropKind::Byte:
        property.number = list.u8();
        break;
      case PropKind::TwoBytes:
        property.number = list.u16();
        break;
      case PropKind::FourBytes:
        property.number = list.u32();
        break;
      case PropKind::VarInt:
        property.number = list.varint();
        break;
      case PropKind::Text:
        property.content = list.text();
        break;
      case PropKind::Binary:
        property.content = list.binary();
        break;
      case PropKind::Pair:
        property.name = list.text();
        property.content = list.text();
        break;
    }
    properties.push_back(std::move(property));
  }
  return properties;
}

void read_connack(Packet& packet, Reader& reader, int version) {
  const unsigned flags = reader.u8();
  if (flags > (version == 3 ? 0xFFU : 1U)) throw ScriptError("reserved CONNACK flags are set");
  packet.session_present = flags == 1;
  packet.reason = reader.u8();
  if (version != 5 && packet.reason > 5) throw ScriptError("CONNACK code above 5");
  if (version == 5) packet.properties = read_properties(reader, packet.type);
}

void read_publish(Packet& packet, Reader& reader, int version) {
  if (packet.qos() == 3) throw ScriptError("PUBLISH with QoS 3");
  if (packet.qos() == 0 && packet.dup()) throw ScriptError("PUBLISH with QoS 0 and DUP");
  packet.topic = reader.text();
  if (packet.qos() != 0) packet.packet_id = reader.u16();
  if (packet.qos() != 0 && packet.packet_id == 0) throw ScriptError("PUBLISH with packet identifier 0");
  if (version == 5) packet.properties = read_properties(reader, packet.type);
  packet.payload = reader.everything();
}

void read_acknowledgement(Packet& packet, Reader& reader, int version) {
  packet.packet_id = reader.u16();
  if (version != 5 || reader.empty()) return;
  packet.reason = reader.u8();
  if (!reader.empty()) packet.properties = read_properties(reader, packet.type);
}

void read_subscription_acknowledgement(Packet& packet, Reader& reader, int version) {
  packet.packet_id = reader.u16();
  if (version == 5) packet.properties = read_properties(reader, packet.type);
  while (!reader.empty()) {
    packet.reasons.push_back(reader.u8());
    if (version != 5 && !contains({0U, 1U, 2U, 0x80U}, packet.reasons.back()))
      throw ScriptError("reserved SUBACK code");
    if (version == 5 && !may_say(packet.type, packet.reasons.back())) throw ScriptError("undefined reason code");
  }
}

void read_body(Packet& packet, Reader& reader, int version) {
  const unsigned wanted_flags = packet.type == Type::PubRel ? 2 : 0;
  if (packet.type != Type::Publish && packet.flags != wanted_flags) throw ScriptError("reserved header flags are set");
  switch (packet.type) {
    case Type::ConnAck:
      return read_connack(packet, reader, version);
    case Type::Publish:
      return read_publish(packet, reader, version);
    case Type::PubAck:
    case Type::PubRec:
    case Type::PubRel:
    case Type::PubComp:
      return read_acknowledgement(packet, reader, version);
    case Type::SubAck:
      return read_subscription_acknowledgement(packet, reader, version);
    case Type::UnsubAck:
      if (version == 5) return read_subscription_acknowledgement(packet, reader, version);
      return read_acknowledgement(packet, reader, version);
    case Type::PingResp:
      return;
    case Type::Disconnect:
    case Type::Auth:
      if (version != 5) break;
      if (!reader.empty()) packet.reason = reader.u8();
      if (!reader.empty()) packet.properties = read_properties(reader, packet.type);
      return;
    default:
      break;
  }
  throw ScriptError("a server must not send " + Bytes(type_name(packet.type)));
}

}  // namespace

bool Packet::has(Prop id) const { return std::ranges::count(properties, id, &Property::id) != 0; }

std::optional<std::uint32_t> Packet::number(Prop id) const {
  const auto found = std::ranges::find(properties, id, &Property::id);
  return found == properties.end() ? std::nullopt : std::optional(found->number);
}

std::optional<Bytes> Packet::text(Prop id) const {
  const auto found = std::ranges::find(properties, id, &Property::id);
  return found == properties.end() ? std::nullopt : std::optional(found->content);
}

std::vector<std::uint32_t> Packet::subscription_ids() const {
  std::vector<std::uint32_t> ids;
  for (const Property& property : properties) {
    if (property.id == Prop::SubscriptionId) ids.push_back(property.number);
  }
  std::ranges::sort(ids);
  return ids;
}

std::vector<std::pair<Bytes, Bytes>> Packet::user_properties() const {
  std::vector<std::pair<Bytes, Bytes>> pairs;
  for (const Property& property : properties) {
    if (property.id == Prop::UserProperty) pairs.emplace_back(property.name, property.content);
  }
  return pairs;
}

std::string Packet::describe() const {
  std::ostringstream out;
  out << type_name(type) << " flags=" << flags << " id=" << packet_id << " reason=0x" << std::hex << reason << std::dec;
  if (type == Type::Publish) out << " topic='" << topic << "' payload='" << payload.substr(0, 80) << "'";
  if (raw.size() < 200) out << " [" << hex(raw) << "]";
  return out.str();
}

std::optional<std::size_t> packet_size(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    if (at > 4) throw ScriptError("remaining length has more than four bytes: " + hex(bytes.substr(0, 6)));
    length |= static_cast<std::size_t>(byte_at(bytes, at) & 0x7F) << (7 * (at - 1));
    if ((byte_at(bytes, at) & 0x80) == 0) return at + 1 + length;
  }
  return std::nullopt;
}

Packet decode(Bytes raw, int version) {
  Packet packet;
  packet.type = static_cast<Type>(byte_at(raw, 0) >> 4);
  packet.flags = byte_at(raw, 0) & 0x0F;
  packet.raw = std::move(raw);
  Reader reader(packet.raw);
  try {
    reader.u8();
    reader.varint();
    read_body(packet, reader, version);
    if (!reader.empty()) throw ScriptError("bytes are left over");
    if (version == 5 && !may_say(packet.type, packet.reason)) throw ScriptError("undefined reason code");
  } catch (const ScriptError& error) {
    throw ScriptError(std::string(error.what()) + ", in " + packet.describe());
  }
  return packet;
}

}  // namespace sluice::test

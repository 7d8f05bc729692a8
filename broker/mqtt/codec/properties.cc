// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/properties.h"

#include "broker/api/properties.h"
#include "broker/mqtt/codec/text_rules.h"

namespace sluice::mqtt {
namespace {

Errc read_block(ByteReader& reader, std::span<const std::byte>& out) {
  return reader.read_block(out) ? Errc::Ok : Errc::PacketTruncated;
}

Errc read_string(ByteReader& reader, std::span<const std::byte>& out) {
  if (!reader.read_block(out)) return Errc::PacketTruncated;
  return check_string(as_text(out));
}

template <class Integer>
Errc widen(bool read, Integer value, std::uint32_t& out) {
  out = value;
  return read ? Errc::Ok : Errc::PacketTruncated;
}

[[gnu::always_inline]] inline Errc read_value(ByteReader& reader, PropertyType type, Property& out) {
  switch (type) {
    case PropertyType::Byte: {
      std::uint8_t value = 0;
      const bool read = reader.read_u8(value);
      return widen(read, value, out.number);
    }
    case PropertyType::TwoByte: {
      std::uint16_t value = 0;
      const bool read = reader.read_u16(value);
      return widen(read, value, out.number);
    }
    case PropertyType::FourByte:
      return reader.read_u32(out.number) ? Errc::Ok : Errc::PacketTruncated;
    case PropertyType::Varint:
      return varint_error(reader.read_varint(out.number));
    case PropertyType::String:
      return read_string(reader, out.bytes);
    case PropertyType::Binary:
      return read_block(reader, out.bytes);
    case PropertyType::StringPair: {
      std::span<const std::byte> name;
      const Errc error = read_string(reader, name);
      out.name = as_text(name);
      return error != Errc::Ok ? error : read_string(reader, out.bytes);
    }
  }
  return Errc::PropertyUnknown;
}

/// Reads identifier and value; knows nothing of scopes, so that views can walk without one. Inline, so that the
/// property stays in registers.
[[gnu::always_inline]] inline Errc read_any(ByteReader& reader, Property& out, const PropertyRow*& row) {
  const std::byte* start = reader.rest().data();
  std::uint32_t id = 0;
  if (const Errc error = varint_error(reader.read_varint(id)); error != Errc::Ok) return error;
  row = find_property(id);
  if (row == nullptr) return Errc::PropertyUnknown;
  out.id = row->id;
  const Errc error = read_value(reader, row->type, out);
  out.wire = {start, reader.rest().data()};
  return error;
}

Errc check_value(const PropertyRow& row, const Property& property) {
  const bool numeric = row.type <= PropertyType::Varint;
  if (numeric && (property.number < row.min || property.number > row.max)) return row.out_of_range;
  if (row.id == PropertyId::ResponseTopic && !is_topic_name(property.text())) return Errc::ResponseTopicInvalid;
  return Errc::Ok;
}

/// Validates every property of `wire` and shows each to `visit`.
template <class Visit>
Errc walk(std::span<const std::byte> wire, PropertyScope scope, Visit visit) {
  ByteReader reader(wire);
  std::uint64_t seen = 0;
  while (!reader.empty()) {
    Property property;
    const PropertyRow* row = nullptr;
    if (const Errc error = read_any(reader, property, row); error != Errc::Ok) return error;
    if ((row->scopes & scope) == 0) return Errc::PropertyNotAllowed;
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(property.id);
    if ((seen & bit) != 0 && (row->repeats & scope) == 0) return Errc::PropertyDuplicate;
    seen |= bit;
    if (const Errc error = check_value(*row, property); error != Errc::Ok) return error;
    visit(property);
  }
  constexpr auto kMethod = std::uint64_t{1} << static_cast<unsigned>(PropertyId::AuthenticationMethod);
  constexpr auto kData = std::uint64_t{1} << static_cast<unsigned>(PropertyId::AuthenticationData);
  return (seen & (kMethod | kData)) == kData ? Errc::AuthenticationDataWithoutMethod : Errc::Ok;
}

constexpr bool travels_with_message(PropertyId id) {
  return sluice::travels_with_message(static_cast<std::uint8_t>(id));
}

/// Grows the piece that `out` holds, or finds that it cannot be one piece.
void add_forwardable(const Property& property, MessageProperties& out) {
  const auto piece = out.forwardable;
  if (piece.empty()) {
    out.forwardable = property.wire;
  } else if (piece.data() + piece.size() == property.wire.data()) {
    out.forwardable = {piece.data(), piece.size() + property.wire.size()};
  } else {
    out.forwardable_in_one_piece = false;
  }
}

void note(const Property& property, MessageProperties& out) {
  if (travels_with_message(property.id)) add_forwardable(property, out);
  switch (property.id) {
    case PropertyId::PayloadFormatIndicator:
      out.payload_is_text = property.number == 1;
      break;
    case PropertyId::MessageExpiryInterval:
      out.expiry_seconds = property.number;
      break;
    case PropertyId::WillDelayInterval:
      out.will_delay_seconds = property.number;
      break;
    case PropertyId::TopicAlias:
      out.topic_alias = static_cast<std::uint16_t>(property.number);
      break;
    case PropertyId::SubscriptionIdentifier:
      out.has_subscription_ids = true;
      break;
    default:
      break;
  }
}

}  // namespace

Errc validate_properties(std::span<const std::byte> wire, PropertyScope scope) {
  return walk(wire, scope, [](const Property&) {});
}

Errc read_message_properties(std::span<const std::byte> wire, PropertyScope scope, MessageProperties& out) {
  return walk(wire, scope, [&out](const Property& property) { note(property, out); });
}

std::span<const std::byte> forwardable(const MessageProperties& read, PropertiesView wire,
                                       std::vector<std::byte>& scratch) {
  if (read.forwardable_in_one_piece) return read.forwardable;
  scratch.clear();
  for (const Property& property : wire) {
    if (travels_with_message(property.id)) scratch.insert(scratch.end(), property.wire.begin(), property.wire.end());
  }
  return scratch;
}

void PropertiesView::Iterator::advance() {
  ByteReader reader(left_);
  const PropertyRow* row = nullptr;
  property_ = {};
  done_ = reader.empty() || read_any(reader, property_, row) != Errc::Ok;
  left_ = reader.rest();
}

std::optional<Property> PropertiesView::find(PropertyId id) const {
  for (const Property& property : *this) {
    if (property.id == id) return property;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> PropertiesView::number(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->number) : std::nullopt;
}

std::optional<std::string_view> PropertiesView::text(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->text()) : std::nullopt;
}

std::optional<std::span<const std::byte>> PropertiesView::binary(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->bytes) : std::nullopt;
}

PropertyBuilder& PropertyBuilder::number(PropertyId id, std::uint32_t value) {
  const PropertyRow& row = *find_property(static_cast<std::uint32_t>(id));
  const std::uint32_t largest = row.type == PropertyType::Byte      ? 0xFF
                                : row.type == PropertyType::TwoByte ? 0xFFFF
                                : row.type == PropertyType::Varint  ? kMaxVarint
                                                                    : 0xFFFF'FFFF;
  if (row.type > PropertyType::Varint || value > largest) {
    failed_ = true;
    return *this;
  }
  ByteWriter writer(out_);
  writer.write_u8(static_cast<std::uint8_t>(id));
  if (row.type == PropertyType::Byte) writer.write_u8(static_cast<std::uint8_t>(value));
  if (row.type == PropertyType::TwoByte) writer.write_u16(static_cast<std::uint16_t>(value));
  if (row.type == PropertyType::FourByte) writer.write_u32(value);
  if (row.type == PropertyType::Varint) writer.write_varint(value);
  return *this;
}

PropertyBuilder& PropertyBuilder::binary(PropertyId id, std::span<const std::byte> value) {
  const PropertyType type = find_property(static_cast<std::uint32_t>(id))->type;
  if ((type != PropertyType::String && type != PropertyType::Binary) || value.size() > 0xFFFF) {
    failed_ = true;
    return *this;
  }
  ByteWriter writer(out_);
  writer.write_u8(static_cast<std::uint8_t>(id));
  writer.write_block(value);
  return *this;
}

PropertyBuilder& PropertyBuilder::user(std::string_view name, std::string_view value) {
  if (!append_user_property(out_, name, value)) failed_ = true;
  return *this;
}

}  // namespace sluice::mqtt

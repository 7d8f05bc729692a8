// SPDX-License-Identifier: Apache-2.0
#include "broker/api/properties.h"

#include "shared/bytes/byte_reader.h"
#include "shared/bytes/byte_writer.h"
#include "shared/bytes/utf8.h"

namespace sluice {
namespace {

bool is_string(std::string_view text) { return text.size() <= 0xFFFF && check_text(text) == TextStatus::Ok; }

bool read_string(ByteReader& reader, std::string_view& text) {
  std::span<const std::byte> block;
  if (!reader.read_block(block)) return false;
  text = as_text(block);
  return is_string(text);
}

/// A property whose value is text; the others are walked over.
struct TextProperty {
  MessageProperty id{};
  std::string_view name;  ///< of a user property
  std::string_view value;
};

/// False at the end, and at what is no property of a message.
bool read_property(ByteReader& reader, TextProperty& property) {
  std::uint8_t id = 0;
  if (!reader.read_u8(id)) return false;
  property.id = static_cast<MessageProperty>(id);
  std::uint8_t indicator = 0;
  std::span<const std::byte> data;
  switch (property.id) {
    case MessageProperty::PayloadFormatIndicator:
      return reader.read_u8(indicator);
    case MessageProperty::ContentType:
    case MessageProperty::ResponseTopic:
      return read_string(reader, property.value);
    case MessageProperty::CorrelationData:
      return reader.read_block(data);
    case MessageProperty::UserProperty:
      return read_string(reader, property.name) && read_string(reader, property.value);
  }
  return false;
}

}  // namespace

bool append_content_type(std::vector<std::byte>& properties, std::string_view type) {
  if (!is_string(type) || content_type(properties)) return false;
  ByteWriter writer(properties);
  writer.write_u8(static_cast<std::uint8_t>(MessageProperty::ContentType));
  writer.write_string(type);
  return true;
}

bool append_user_property(std::vector<std::byte>& properties, std::string_view name, std::string_view value) {
  if (!is_string(name) || !is_string(value)) return false;
  ByteWriter writer(properties);
  writer.write_u8(static_cast<std::uint8_t>(MessageProperty::UserProperty));
  writer.write_string(name);
  writer.write_string(value);
  return true;
}

std::optional<std::string_view> content_type(std::span<const std::byte> properties) {
  ByteReader reader(properties);
  for (TextProperty property; read_property(reader, property);) {
    if (property.id == MessageProperty::ContentType) return property.value;
  }
  return std::nullopt;
}

void for_each_user_property(std::span<const std::byte> properties,
                            const std::function<void(std::string_view name, std::string_view value)>& visit) {
  ByteReader reader(properties);
  for (TextProperty property; read_property(reader, property);) {
    if (property.id == MessageProperty::UserProperty) visit(property.name, property.value);
  }
}

}  // namespace sluice

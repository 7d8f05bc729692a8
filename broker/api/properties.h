// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

/// The properties of MQTT 5 that travel with a message to its subscribers, with their identifiers [MQTT5 2.2.2.2],
/// and what a gateway needs to write and read them in wire form: PublishRequest, WillRequest, MessageParts, Message.
/// Pure; any thread. What is read is total: it ends at the first byte that does not belong to such a property.
enum class MessageProperty : std::uint8_t {
  PayloadFormatIndicator = 0x01,
  ContentType = 0x03,
  ResponseTopic = 0x08,
  CorrelationData = 0x09,
  UserProperty = 0x26,
};

[[nodiscard]] constexpr bool travels_with_message(std::uint8_t property_id) {
  switch (static_cast<MessageProperty>(property_id)) {
    case MessageProperty::PayloadFormatIndicator:
    case MessageProperty::ContentType:
    case MessageProperty::ResponseTopic:
    case MessageProperty::CorrelationData:
    case MessageProperty::UserProperty:
      return true;
  }
  return false;
}

/// Each appends one property. False, and nothing is appended: a text is above 65,535 bytes or no MQTT string
/// [MQTT5 1.5.4], which would cost the subscriber its connection; or `properties` has a content type, of which there
/// may be one [MQTT5 3.3.2.3.9].
[[nodiscard]] bool append_content_type(std::vector<std::byte>& properties, std::string_view type);
[[nodiscard]] bool append_user_property(std::vector<std::byte>& properties, std::string_view name,
                                        std::string_view value);

/// Views into `properties`. Absent if there is none.
[[nodiscard]] std::optional<std::string_view> content_type(std::span<const std::byte> properties);
/// In their order; a name may come more than once.
void for_each_user_property(std::span<const std::byte> properties,
                            const std::function<void(std::string_view name, std::string_view value)>& visit);

}  // namespace sluice

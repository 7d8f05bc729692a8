// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "broker/api/reason.h"
#include "broker/api/types.h"
#include "broker/mqtt/codec/packet_lists.h"
#include "broker/mqtt/codec/properties.h"

/// The fifteen control packets of MQTT 3.1, 3.1.1 and 5.0. Every one is a view: strings and spans point into the frame
/// that was decoded, or into the buffers of whoever encodes, and own nothing. What a version does not have
/// (properties, most reason codes before 5.0) is empty, or Success, after decoding and ignored when encoding.
/// Thread: plain values.
namespace sluice::mqtt {

/// The value is the protocol level in CONNECT.
enum class ProtocolVersion : std::uint8_t { V31 = 3, V311 = 4, V5 = 5 };

/// [MQTT5 2.1.2]
enum class PacketType : std::uint8_t {
  Connect = 1,
  Connack = 2,
  Publish = 3,
  Puback = 4,
  Pubrec = 5,
  Pubrel = 6,
  Pubcomp = 7,
  Subscribe = 8,
  Suback = 9,
  Unsubscribe = 10,
  Unsuback = 11,
  Pingreq = 12,
  Pingresp = 13,
  Disconnect = 14,
  Auth = 15,
};

/// "PUBLISH", for logs.
[[nodiscard]] std::string_view packet_name(PacketType type);

struct WillView {
  std::string_view topic{};
  std::span<const std::byte> payload{};
  PropertiesView properties{};
  MessageProperties message{};  ///< read from `properties` by the decoder, ignored by the encoder
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
};

struct ConnectPacket {
  ProtocolVersion version = ProtocolVersion::V5;
  bool bridge = false;  ///< 0x80 of the protocol level: the client is a broker (mosquitto's convention)
  bool clean_start = true;
  std::uint16_t keep_alive_seconds = 0;
  std::string_view client_id{};
  std::optional<std::string_view> username{};
  std::optional<std::span<const std::byte>> password{};
  std::optional<WillView> will{};
  PropertiesView properties{};
};

/// In 3.x the return code is one of six: decoding gives the Reason that means it, encoding maps (reason_code.h).
struct ConnackPacket {
  bool session_present = false;  ///< not in 3.1
  Reason reason = Reason::Success;
  PropertiesView properties{};
};

/// PUBLISH.
struct PublishView {
  std::string_view topic{};  ///< empty only with a topic alias
  std::span<const std::byte> payload{};
  PropertiesView properties{};
  MessageProperties message{};  ///< read from `properties` by the decoder, ignored by the encoder
  PacketId packet_id = 0;       ///< 0 with QoS 0 only
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  bool dup = false;
};

/// What PUBACK, PUBREC, PUBREL and PUBCOMP have in common, which is everything.
struct AckFields {
  PacketId packet_id = 0;
  Reason reason = Reason::Success;
  PropertiesView properties{};
};
struct PubackPacket : AckFields {};
struct PubrecPacket : AckFields {};
struct PubrelPacket : AckFields {};
struct PubcompPacket : AckFields {};

struct SubscribePacket {
  PacketId packet_id = 0;
  PropertiesView properties{};
  SubscriptionList subscriptions{};
};

/// Reasons in the order of the subscriptions. In 3.x every error is 0x80, which decodes as UnspecifiedError.
struct SubackPacket {
  PacketId packet_id = 0;
  PropertiesView properties{};
  ReasonList reasons{};
};

struct UnsubscribePacket {
  PacketId packet_id = 0;
  PropertiesView properties{};
  FilterList filters{};
};

struct UnsubackPacket {
  PacketId packet_id = 0;
  PropertiesView properties{};
  ReasonList reasons{};  ///< empty in 3.x
};

struct PingreqPacket {};
struct PingrespPacket {};

struct DisconnectPacket {
  Reason reason = Reason::Success;
  PropertiesView properties{};
};

/// 5.0 only.
struct AuthPacket {
  Reason reason = Reason::Success;
  PropertiesView properties{};
};

using Packet = std::variant<ConnectPacket, ConnackPacket, PublishView, PubackPacket, PubrecPacket, PubrelPacket,
                            PubcompPacket, SubscribePacket, SubackPacket, UnsubscribePacket, UnsubackPacket,
                            PingreqPacket, PingrespPacket, DisconnectPacket, AuthPacket>;

/// The type that `packet` holds.
[[nodiscard]] inline PacketType packet_type(const Packet& packet) {
  return static_cast<PacketType>(packet.index() + 1);
}

}  // namespace sluice::mqtt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/mqtt/codec/error.h"

namespace sluice::mqtt {

/// Property identifiers [MQTT5 2.2.2.2].
enum class PropertyId : std::uint8_t {
  PayloadFormatIndicator = 0x01,
  MessageExpiryInterval = 0x02,
  ContentType = 0x03,
  ResponseTopic = 0x08,
  CorrelationData = 0x09,
  SubscriptionIdentifier = 0x0B,
  SessionExpiryInterval = 0x11,
  AssignedClientIdentifier = 0x12,
  ServerKeepAlive = 0x13,
  AuthenticationMethod = 0x15,
  AuthenticationData = 0x16,
  RequestProblemInformation = 0x17,
  WillDelayInterval = 0x18,
  RequestResponseInformation = 0x19,
  ResponseInformation = 0x1A,
  ServerReference = 0x1C,
  ReasonString = 0x1F,
  ReceiveMaximum = 0x21,
  TopicAliasMaximum = 0x22,
  TopicAlias = 0x23,
  MaximumQos = 0x24,
  RetainAvailable = 0x25,
  UserProperty = 0x26,
  MaximumPacketSize = 0x27,
  WildcardSubscriptionAvailable = 0x28,
  SubscriptionIdentifierAvailable = 0x29,
  SharedSubscriptionAvailable = 0x2A,
};
inline constexpr std::uint8_t kLastPropertyId = 0x2A;

enum class PropertyType : std::uint8_t { Byte, TwoByte, FourByte, Varint, String, Binary, StringPair };

/// The places that hold properties: the packets, and the will inside CONNECT. A set of bits.
enum PropertyScope : std::uint16_t {
  kInConnect = 1U << 0U,
  kInConnack = 1U << 1U,
  kInPublish = 1U << 2U,
  kInWill = 1U << 3U,
  kInPuback = 1U << 4U,
  kInPubrec = 1U << 5U,
  kInPubrel = 1U << 6U,
  kInPubcomp = 1U << 7U,
  kInSubscribe = 1U << 8U,
  kInSuback = 1U << 9U,
  kInUnsubscribe = 1U << 10U,
  kInUnsuback = 1U << 11U,
  kInDisconnect = 1U << 12U,
  kInAuth = 1U << 13U,
};

/// Everything the codec knows of a property.
struct PropertyRow {
  PropertyId id;
  std::string_view name;
  PropertyType type;
  std::uint16_t scopes;   ///< PropertyScope bits
  std::uint16_t repeats;  ///< the scopes in which it may be there more than once
  std::uint32_t min = 0;
  std::uint32_t max = 0xFFFF'FFFF;
  Errc out_of_range = Errc::Ok;  ///< what a value below `min` or above `max` is
};

/// Null for an identifier that the specification does not know. Any thread.
[[nodiscard]] const PropertyRow* find_property(std::uint32_t id);

}  // namespace sluice::mqtt

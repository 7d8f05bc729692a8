// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/property_table.h"

#include <array>
#include <cstddef>

namespace sluice::mqtt {
namespace {

constexpr unsigned kAcks = kInPuback | kInPubrec | kInPubrel | kInPubcomp | kInSuback | kInUnsuback;
constexpr unsigned kMessage = kInPublish | kInWill;
constexpr unsigned kEverywhere =
    kInConnect | kInConnack | kMessage | kAcks | kInSubscribe | kInUnsubscribe | kInDisconnect | kInAuth;

constexpr PropertyRow row(PropertyId id, std::string_view name, PropertyType type, unsigned scopes,
                          unsigned repeats = 0) {
  return {.id = id,
          .name = name,
          .type = type,
          .scopes = static_cast<std::uint16_t>(scopes),
          .repeats = static_cast<std::uint16_t>(repeats)};
}
constexpr PropertyRow at_least_one(PropertyRow row, Errc otherwise) {
  row.min = 1;
  row.out_of_range = otherwise;
  return row;
}
constexpr PropertyRow boolean(PropertyId id, std::string_view name, unsigned scopes) {
  PropertyRow result = row(id, name, PropertyType::Byte, scopes);
  result.max = 1;
  result.out_of_range = Errc::PropertyNotBoolean;
  return result;
}

using enum PropertyId;
using enum PropertyType;

constexpr std::array kRows{
    boolean(PayloadFormatIndicator, "payload_format_indicator", kMessage),
    row(MessageExpiryInterval, "message_expiry_interval", FourByte, kMessage),
    row(ContentType, "content_type", String, kMessage),
    row(ResponseTopic, "response_topic", String, kMessage),
    row(CorrelationData, "correlation_data", Binary, kMessage),
    at_least_one(row(SubscriptionIdentifier, "subscription_identifier", Varint, kInPublish | kInSubscribe, kInPublish),
                 Errc::SubscriptionIdZero),
    row(SessionExpiryInterval, "session_expiry_interval", FourByte, kInConnect | kInConnack | kInDisconnect),
    row(AssignedClientIdentifier, "assigned_client_identifier", String, kInConnack),
    row(ServerKeepAlive, "server_keep_alive", TwoByte, kInConnack),
    row(AuthenticationMethod, "authentication_method", String, kInConnect | kInConnack | kInAuth),
    row(AuthenticationData, "authentication_data", Binary, kInConnect | kInConnack | kInAuth),
    boolean(RequestProblemInformation, "request_problem_information", kInConnect),
    row(WillDelayInterval, "will_delay_interval", FourByte, kInWill),
    boolean(RequestResponseInformation, "request_response_information", kInConnect),
    row(ResponseInformation, "response_information", String, kInConnack),
    row(ServerReference, "server_reference", String, kInConnack | kInDisconnect),
    row(ReasonString, "reason_string", String, kInConnack | kAcks | kInDisconnect | kInAuth),
    at_least_one(row(ReceiveMaximum, "receive_maximum", TwoByte, kInConnect | kInConnack), Errc::ReceiveMaximumZero),
    row(TopicAliasMaximum, "topic_alias_maximum", TwoByte, kInConnect | kInConnack),
    at_least_one(row(TopicAlias, "topic_alias", TwoByte, kInPublish), Errc::TopicAliasZero),
    boolean(MaximumQos, "maximum_qos", kInConnack),
    boolean(RetainAvailable, "retain_available", kInConnack),
    row(UserProperty, "user_property", StringPair, kEverywhere, kEverywhere),
    at_least_one(row(MaximumPacketSize, "maximum_packet_size", FourByte, kInConnect | kInConnack),
                 Errc::MaximumPacketSizeZero),
    boolean(WildcardSubscriptionAvailable, "wildcard_subscription_available", kInConnack),
    boolean(SubscriptionIdentifierAvailable, "subscription_identifier_available", kInConnack),
    boolean(SharedSubscriptionAvailable, "shared_subscription_available", kInConnack),
};

constexpr std::uint8_t kNoRow = 0xFF;

constexpr auto kRowOfId = [] {
  std::array<std::uint8_t, kLastPropertyId + 1> index{};
  index.fill(kNoRow);
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    index[static_cast<std::size_t>(kRows[i].id)] = static_cast<std::uint8_t>(i);
  }
  return index;
}();

}  // namespace

const PropertyRow* find_property(std::uint32_t id) {
  if (id > kLastPropertyId || kRowOfId[id] == kNoRow) return nullptr;
  return &kRows[kRowOfId[id]];
}

}  // namespace sluice::mqtt

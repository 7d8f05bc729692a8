// SPDX-License-Identifier: Apache-2.0
// What valid packets decode to, and that encoding gives the same bytes again.
#include "tests/unit/mqtt_codec/golden.h"

#include <gtest/gtest.h>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/encode.h"

namespace sluice::mqtt::test {
namespace {

class GoldenPacket : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenPacket, EncodesToTheBytesItWasDecodedFrom) {
  const std::vector<std::byte> bytes = packet(GetParam().first_byte, GetParam().body);
  const FrameRead read = read_frame(bytes, bytes.size());
  ASSERT_EQ(read.status, FrameStatus::Whole);
  for (const ProtocolVersion version : versions_of(GetParam().versions)) {
    const auto decoded = decode(read.frame, version);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
    EXPECT_EQ(packet_type(*decoded), read.frame.type());
    std::vector<std::byte> encoded;
    ASSERT_FALSE(encode(*decoded, version, encoded).failed());
    EXPECT_EQ(hex(encoded), hex(bytes));
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenPacket, ::testing::ValuesIn(goldens()), golden_name);

template <class T>
T decode_as(std::uint8_t first_byte, const std::vector<std::byte>& body, ProtocolVersion version) {
  const auto decoded = decode({first_byte, body}, version);
  if (!decoded) throw std::invalid_argument(decoded.error().message());
  return std::get<T>(*decoded);
}

TEST(GoldenFields, Connect) {
  const auto body = wire("<MQTT> 04 ee 003c <id> <w/t> <bye> <user> <secret>");
  const auto connect = decode_as<ConnectPacket>(0x10, body, ProtocolVersion::V31);
  EXPECT_EQ(connect.version, ProtocolVersion::V311);
  EXPECT_FALSE(connect.bridge);
  EXPECT_TRUE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive_seconds, 60);
  EXPECT_EQ(connect.client_id, "id");
  ASSERT_TRUE(connect.will && connect.username && connect.password);
  EXPECT_EQ(connect.will->topic, "w/t");
  EXPECT_EQ(as_text(connect.will->payload), "bye");
  EXPECT_EQ(connect.will->qos, Qos::AtLeastOnce);
  EXPECT_TRUE(connect.will->retain);
  EXPECT_EQ(*connect.username, "user");
  EXPECT_EQ(as_text(*connect.password), "secret");
}

TEST(GoldenFields, ConnectOfABridge) {
  const auto body = wire("<MQIsdp> 83 00 0000 <id>");
  const auto connect = decode_as<ConnectPacket>(0x10, body, ProtocolVersion::V5);
  EXPECT_EQ(connect.version, ProtocolVersion::V31);
  EXPECT_TRUE(connect.bridge);
  EXPECT_FALSE(connect.clean_start);
}

TEST(GoldenFields, ConnectWithPropertiesAndWill) {
  const auto body = wire("<MQTT> 05 04 003c 08 210014 1100000001 <id> 11 180000000a 020000003c 26 <k> <v> <w> <bye>");
  const auto connect = decode_as<ConnectPacket>(0x10, body, ProtocolVersion::V5);
  EXPECT_EQ(connect.properties.number(PropertyId::ReceiveMaximum), 20U);
  EXPECT_EQ(connect.properties.number(PropertyId::SessionExpiryInterval), 1U);
  EXPECT_EQ(connect.properties.number(PropertyId::MaximumPacketSize), std::nullopt);
  ASSERT_TRUE(connect.will);
  EXPECT_EQ(connect.will->message.will_delay_seconds, 10U);
  EXPECT_EQ(connect.will->message.expiry_seconds, 60U);
  EXPECT_EQ(hex(connect.will->message.forwardable), hex(wire("26 <k> <v>")));
}

TEST(GoldenFields, Connack) {
  const auto refused = decode_as<ConnackPacket>(0x20, wire("00 05"), ProtocolVersion::V311);
  EXPECT_EQ(refused.reason, Reason::NotAuthorized);
  const auto accepted = decode_as<ConnackPacket>(0x20, wire("01 00"), ProtocolVersion::V311);
  EXPECT_TRUE(accepted.session_present);
  const auto body = wire("00 00 06 12 <abc>");
  const auto assigned = decode_as<ConnackPacket>(0x20, body, ProtocolVersion::V5);
  EXPECT_EQ(assigned.properties.text(PropertyId::AssignedClientIdentifier), "abc");
}

TEST(GoldenFields, PublishOfVersion3) {
  const auto body = wire("<a/b> 1234 'payload'");
  const auto publish = decode_as<PublishView>(0x3D, body, ProtocolVersion::V311);
  EXPECT_EQ(publish.topic, "a/b");
  EXPECT_EQ(as_text(publish.payload), "payload");
  EXPECT_EQ(publish.packet_id, 0x1234);
  EXPECT_EQ(publish.qos, Qos::ExactlyOnce);
  EXPECT_TRUE(publish.retain);
  EXPECT_TRUE(publish.dup);
  EXPECT_TRUE(publish.properties.empty());
  EXPECT_EQ(publish.topic.data(), as_text(body).data() + 2) << "a view into the frame";
}

TEST(GoldenFields, PublishOfVersion5) {
  const auto body = wire("<a> 15 0101 020000003c 230005 26 <k> <v> 0b01 0b02 'x'");
  const auto publish = decode_as<PublishView>(0x30, body, ProtocolVersion::V5);
  EXPECT_TRUE(publish.message.payload_is_text);
  EXPECT_EQ(publish.message.expiry_seconds, 60U);
  EXPECT_EQ(publish.message.topic_alias, 5);
  EXPECT_TRUE(publish.message.has_subscription_ids);
  EXPECT_FALSE(publish.retain);
  EXPECT_FALSE(publish.dup);
  EXPECT_EQ(as_text(publish.payload), "x");
}

TEST(GoldenFields, AcknowledgementsWithAndWithoutReason) {
  const auto plain = decode_as<PubackPacket>(0x40, wire("1234"), ProtocolVersion::V5);
  EXPECT_EQ(plain.packet_id, 0x1234);
  EXPECT_EQ(plain.reason, Reason::Success);
  const auto body = wire("0001 97 06 1f <why>");
  const auto quota = decode_as<PubrecPacket>(0x50, body, ProtocolVersion::V5);
  EXPECT_EQ(quota.reason, Reason::QuotaExceeded);
  EXPECT_EQ(quota.properties.text(PropertyId::ReasonString), "why");
}

TEST(GoldenFields, ExplicitSuccessAndEmptyPropertiesAreTaken) {
  EXPECT_EQ(decode_as<PubrelPacket>(0x62, wire("0001 00"), ProtocolVersion::V5).reason, Reason::Success);
  EXPECT_EQ(decode_as<PubcompPacket>(0x70, wire("0001 92 00"), ProtocolVersion::V5).reason,
            Reason::PacketIdentifierNotFound);
  EXPECT_EQ(decode_as<DisconnectPacket>(0xE0, wire("00 00"), ProtocolVersion::V5).reason, Reason::Success);
  EXPECT_EQ(decode_as<AuthPacket>(0xF0, wire("19 00"), ProtocolVersion::V5).reason, Reason::ReAuthenticate);
}

TEST(GoldenFields, Subscribe) {
  const auto body = wire("0007 02 0b09 <a/#> 2e <$share/g/b> 19");
  const auto subscribe = decode_as<SubscribePacket>(0x82, body, ProtocolVersion::V5);
  EXPECT_EQ(subscribe.packet_id, 7);
  EXPECT_EQ(subscribe.properties.number(PropertyId::SubscriptionIdentifier), 9U);
  std::vector<Subscription> list;
  for (const Subscription& subscription : subscribe.subscriptions) list.push_back(subscription);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(subscribe.subscriptions.count(), 2U);
  EXPECT_EQ(list[0].filter, "a/#");
  EXPECT_EQ(list[0].options, (SubscriptionOptions{Qos::ExactlyOnce, true, true, RetainHandling::DoNotSend}));
  EXPECT_EQ(list[1].filter, "$share/g/b");
  EXPECT_EQ(list[1].options, (SubscriptionOptions{Qos::AtLeastOnce, false, true, RetainHandling::SendIfNew}));
}

TEST(GoldenFields, SubackUnsubscribeUnsuback) {
  const auto suback = decode_as<SubackPacket>(0x90, wire("0001 02 80"), ProtocolVersion::V311);
  ASSERT_EQ(suback.reasons.size(), 2U);
  EXPECT_EQ(suback.packet_id, 1);
  const auto body = wire("0002 <a> <b/c>");
  const auto unsubscribe = decode_as<UnsubscribePacket>(0xA2, body, ProtocolVersion::V311);
  std::vector<std::string_view> filters;
  for (const std::string_view filter : unsubscribe.filters) filters.push_back(filter);
  EXPECT_EQ(filters, (std::vector<std::string_view>{"a", "b/c"}));
  EXPECT_TRUE(decode_as<UnsubackPacket>(0xB0, wire("0003"), ProtocolVersion::V31).reasons.empty());
}

}  // namespace
}  // namespace sluice::mqtt::test

// SPDX-License-Identifier: Apache-2.0
// What only the encoder does: versions that cannot say something, reasons that are not legal, fields without wire form.
#include "broker/mqtt/codec/encode.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/error.h"
#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {
namespace {

std::string encoded(const Packet& packet, ProtocolVersion version) {
  std::vector<std::byte> out;
  EXPECT_FALSE(encode(packet, version, out).failed());
  return hex(out);
}

TEST(Encode, AppendsBehindWhatIsThere) {
  std::vector<std::byte> out = wire("aa");
  EXPECT_FALSE(encode(PingreqPacket{}, ProtocolVersion::V5, out).failed());
  EXPECT_FALSE(encode(PubackPacket{{.packet_id = 7}}, ProtocolVersion::V5, out).failed());
  EXPECT_EQ(hex(out), "aac00040020007");
}

TEST(Encode, LongLengthsTakeTheBytesTheyNeed) {
  for (const std::size_t size : {100U, 124U, 125U, 16'380U, 16'381U, 2'097'148U, 2'097'149U}) {
    const std::vector<std::byte> payload(size, std::byte{0x5A});
    std::vector<std::byte> out;
    PublishView publish;
    publish.topic = "t";
    publish.payload = payload;
    ASSERT_FALSE(encode(publish, ProtocolVersion::V311, out).failed());
    const FrameRead read = read_frame(out, out.size());
    ASSERT_EQ(read.status, FrameStatus::Whole) << size;
    EXPECT_EQ(read.size, out.size());
    const auto decoded = decode_publish(read.frame, ProtocolVersion::V311);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->payload.size(), size);
  }
}

TEST(Encode, Version3LeavesOutWhatItDoesNotHave) {
  std::vector<std::byte> properties;
  PropertyBuilder(properties).text(PropertyId::ReasonString, "why");
  const PropertiesView view(properties);
  const std::array reasons{Reason::GrantedQos1, Reason::NotAuthorized};
  EXPECT_EQ(encoded(PubackPacket{{1, Reason::QuotaExceeded, view}}, ProtocolVersion::V311), "40020001");
  EXPECT_EQ(encoded(DisconnectPacket{Reason::SessionTakenOver, view}, ProtocolVersion::V311), "e000");
  EXPECT_EQ(encoded(SubackPacket{1, view, ReasonList(reasons)}, ProtocolVersion::V311), "900400010180");
  EXPECT_EQ(encoded(UnsubackPacket{1, view, ReasonList(reasons)}, ProtocolVersion::V311), "b0020001");
  EXPECT_EQ(encoded(ConnackPacket{true, Reason::Success, view}, ProtocolVersion::V31), "20020000");
  std::vector<std::byte> list;
  append_subscription(list, "a", {Qos::AtLeastOnce, true, true, RetainHandling::DoNotSend});
  EXPECT_EQ(encoded(SubscribePacket{1, view, SubscriptionList(list)}, ProtocolVersion::V311),
            "820600010001"
            "6101");
}

TEST(Encode, MQTT_3_2_2_6_RefusalNeverSaysSessionPresent) {
  EXPECT_EQ(encoded(ConnackPacket{true, Reason::NotAuthorized, {}}, ProtocolVersion::V5), "2003008700");
  EXPECT_EQ(encoded(ConnackPacket{true, Reason::NotAuthorized, {}}, ProtocolVersion::V311), "20020005");
}

TEST(Encode, ReasonsThatAPacketDoesNotKnowAreReplaced) {
  EXPECT_EQ(encoded(PubackPacket{{1, Reason::TopicAliasInvalid, {}}}, ProtocolVersion::V5), "4003000180");
  EXPECT_EQ(encoded(PubackPacket{{1, Reason::GrantedQos1, {}}}, ProtocolVersion::V5), "40020001");
  EXPECT_EQ(encoded(PubrelPacket{{1, Reason::UnspecifiedError, {}}}, ProtocolVersion::V5), "6203000192");
}

TEST(Encode, ShortAcknowledgementsEqualTheLongWay) {
  for (const ProtocolVersion version : versions_of(kAll)) {
    EXPECT_EQ(encoded(PubackPacket{{.packet_id = 0x1234}}, version), hex(short_ack(PacketType::Puback, 0x1234)));
    EXPECT_EQ(encoded(PubrecPacket{{.packet_id = 0x1234}}, version), hex(short_ack(PacketType::Pubrec, 0x1234)));
    EXPECT_EQ(encoded(PubrelPacket{{.packet_id = 0x1234}}, version), hex(short_ack(PacketType::Pubrel, 0x1234)));
    EXPECT_EQ(encoded(PubcompPacket{{.packet_id = 0x1234}}, version), hex(short_ack(PacketType::Pubcomp, 0x1234)));
  }
}

TEST(Encode, FieldWithoutWireFormLeavesTheBufferAsItWas) {
  const std::string text(65'536, 'x');
  std::vector<std::byte> out = wire("aa");
  ConnectPacket connect;
  connect.client_id = text;
  EXPECT_EQ(encode(connect, out), make_error_code(Errc::FieldTooLong));
  PublishView publish;
  publish.topic = text;
  EXPECT_EQ(encode(publish, ProtocolVersion::V5, out), make_error_code(Errc::FieldTooLong));
  EXPECT_EQ(hex(out), "aa");
  EXPECT_FALSE(append_filter(out, text));
  EXPECT_FALSE(append_subscription(out, text, {}));
  EXPECT_EQ(hex(out), "aa");
}

TEST(Encode, ClientListsReadBack) {
  std::vector<std::byte> list;
  const SubscriptionOptions options{Qos::ExactlyOnce, true, false, RetainHandling::SendIfNew};
  ASSERT_TRUE(append_subscription(list, "a/+", options));
  ASSERT_TRUE(append_subscription(list, "b", {}));
  const SubscriptionList subscriptions(list);
  EXPECT_EQ(subscriptions.count(), 2U);
  EXPECT_EQ(subscriptions.begin()->filter, "a/+");
  EXPECT_EQ(subscriptions.begin()->options, options);
}

}  // namespace
}  // namespace sluice::mqtt::test

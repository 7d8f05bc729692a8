// SPDX-License-Identifier: Apache-2.0
// What MQTT 3.1 lets its clients do and 3.1.1 does not.
#include <gtest/gtest.h>

#include "broker/mqtt/codec/decode.h"
#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {
namespace {

ConnectPacket connect(const std::vector<std::byte>& body) {
  const auto result = decode_connect({0x10, body});
  if (!result) throw std::invalid_argument(result.error().message());
  return *result;
}

TEST(Mqtt31, UserNameMayBeMissingInSpiteOfItsFlag) {
  const auto body = wire("<MQIsdp> 03 c2 003c <id>");
  EXPECT_EQ(connect(body).username, std::nullopt);
  EXPECT_FALSE(connect(body).password.has_value());
}

TEST(Mqtt31, PasswordMayBeMissingInSpiteOfItsFlag) {
  const auto body = wire("<MQIsdp> 03 c2 003c <id> <user>");
  EXPECT_EQ(connect(body).username, "user");
  EXPECT_FALSE(connect(body).password.has_value());
}

TEST(Mqtt31, HalfAUserNameIsStillRefused) {
  EXPECT_EQ(decode_connect({0x10, wire("<MQIsdp> 03 82 003c <id> 0004 'use'")}).error(),
            make_error_code(Errc::PacketTruncated));
}

TEST(Mqtt31, UnusedConnectFlagsAreDisregarded) {
  const auto body = wire("<MQIsdp> 03 2b 003c <id>");
  EXPECT_TRUE(connect(body).clean_start);
  EXPECT_FALSE(connect(body).will.has_value());
}

TEST(Mqtt31, UnusedHeaderFlagsAreDisregarded) {
  EXPECT_TRUE(decode({0x6A, wire("0001")}, ProtocolVersion::V31).has_value()) << "PUBREL sent again";
  EXPECT_TRUE(decode({0x8A, wire("0001 <a> 00")}, ProtocolVersion::V31).has_value()) << "SUBSCRIBE sent again";
  EXPECT_TRUE(decode({0xAA, wire("0001 <a>")}, ProtocolVersion::V31).has_value()) << "UNSUBSCRIBE sent again";
  EXPECT_TRUE(decode({0xC1, {}}, ProtocolVersion::V31).has_value()) << "PINGREQ";
}

TEST(Mqtt31, DupWithQos0HasNoMeaning) {
  EXPECT_TRUE(decode({0x38, wire("<t> 'x'")}, ProtocolVersion::V31).has_value());
}

TEST(Mqtt31, UpperBitsOfTheRequestedQosAreUnused) {
  const auto body = wire("0001 <a> fd");
  const auto result = decode_subscribe({0x82, body}, ProtocolVersion::V31);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->subscriptions.begin()->options.qos, Qos::AtLeastOnce);
}

TEST(Mqtt31, ConnackHasNoSessionPresentFlag) {
  const auto result = decode_connack({0x20, wire("01 05")}, ProtocolVersion::V31);
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->session_present);
}

}  // namespace
}  // namespace sluice::mqtt::test

// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/reason_code.h"

#include <gtest/gtest.h>

namespace sluice::mqtt::test {
namespace {

int count_allowed(PacketType type) {
  int count = 0;
  for (unsigned value = 0; value <= 0xFF; ++value) {
    if (reason_allowed(type, static_cast<Reason>(value))) ++count;
  }
  return count;
}

TEST(ReasonCode, AsManyPerPacketAsItsTableHas) {
  EXPECT_EQ(count_allowed(PacketType::Connack), 22);
  EXPECT_EQ(count_allowed(PacketType::Puback), 9);
  EXPECT_EQ(count_allowed(PacketType::Pubrec), 9);
  EXPECT_EQ(count_allowed(PacketType::Pubrel), 2);
  EXPECT_EQ(count_allowed(PacketType::Pubcomp), 2);
  EXPECT_EQ(count_allowed(PacketType::Suback), 12);
  EXPECT_EQ(count_allowed(PacketType::Unsuback), 7);
  EXPECT_EQ(count_allowed(PacketType::Disconnect), 30) << "29 of its own table, and 0x8C of the general one";
  EXPECT_EQ(count_allowed(PacketType::Auth), 3);
  EXPECT_EQ(count_allowed(PacketType::Publish), 0);
}

TEST(ReasonCode, LegalReasonIsAlwaysAllowed) {
  for (const PacketType type :
       {PacketType::Connack, PacketType::Puback, PacketType::Pubrec, PacketType::Pubrel, PacketType::Pubcomp,
        PacketType::Suback, PacketType::Unsuback, PacketType::Disconnect}) {
    for (unsigned value = 0; value <= 0xFF; ++value) {
      const auto reason = static_cast<Reason>(value);
      const Reason legal = legal_reason(type, reason);
      EXPECT_TRUE(reason_allowed(type, legal)) << packet_name(type) << " " << value;
      EXPECT_EQ(is_error(legal), is_error(reason)) << packet_name(type) << " " << value;
    }
  }
}

TEST(ReasonCode, MQTT_3_2_2_3_ReturnCodesOfVersion3) {
  EXPECT_EQ(connack_code_v3(Reason::Success), 0);
  EXPECT_EQ(connack_code_v3(Reason::UnsupportedProtocolVersion), 1);
  EXPECT_EQ(connack_code_v3(Reason::ClientIdentifierNotValid), 2);
  EXPECT_EQ(connack_code_v3(Reason::ServerBusy), 3);
  EXPECT_EQ(connack_code_v3(Reason::QuotaExceeded), 3);
  EXPECT_EQ(connack_code_v3(Reason::BadUserNameOrPassword), 4);
  EXPECT_EQ(connack_code_v3(Reason::NotAuthorized), 5);
  EXPECT_EQ(connack_code_v3(Reason::Banned), 5);
  for (std::uint8_t code = 0; code <= 5; ++code) EXPECT_EQ(connack_code_v3(*connack_reason_v3(code)), code);
  EXPECT_EQ(connack_reason_v3(6), std::nullopt);
}

TEST(ReasonCode, MQTT_3_9_3_2_SubackOfVersion3) {
  EXPECT_EQ(suback_code_v3(Reason::Success), 0);
  EXPECT_EQ(suback_code_v3(Reason::GrantedQos2), 2);
  EXPECT_EQ(suback_code_v3(Reason::NotAuthorized), 0x80);
}

}  // namespace
}  // namespace sluice::mqtt::test

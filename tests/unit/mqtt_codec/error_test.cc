// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/error.h"

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

#include "broker/mqtt/codec/packet.h"
#include "broker/mqtt/codec/reason_code.h"

namespace sluice::mqtt::test {
namespace {

TEST(MqttError, EachHasAClauseATextAndAReasonForDisconnectOrConnack) {
  for (int value = 1; value <= static_cast<int>(Errc::FieldTooLong); ++value) {
    const ErrorCode error = make_error_code(static_cast<Errc>(value));
    EXPECT_FALSE(clause_of(error).empty()) << value;
    EXPECT_NE(error.message().find(clause_of(error)), std::string::npos) << error.message();
    EXPECT_TRUE(is_error(reason_of(error))) << error.message();
    EXPECT_TRUE(reason_allowed(PacketType::Disconnect, reason_of(error)) ||
                reason_allowed(PacketType::Connack, reason_of(error)))
        << error.message();
  }
}

TEST(MqttError, ReasonsFollowTheSpecification) {
  EXPECT_EQ(reason_of(Errc::StringNotUtf8), Reason::MalformedPacket);
  EXPECT_EQ(reason_of(Errc::PacketTooLarge), Reason::PacketTooLarge);
  EXPECT_EQ(reason_of(Errc::PropertyDuplicate), Reason::ProtocolError);
  EXPECT_EQ(reason_of(Errc::TopicAliasZero), Reason::TopicAliasInvalid);
  EXPECT_EQ(reason_of(Errc::TopicWildcard), Reason::TopicNameInvalid);
  EXPECT_EQ(reason_of(Errc::ProtocolLevelUnknown), Reason::UnsupportedProtocolVersion);
}

TEST(MqttError, MessageNamesBothVersionsWhereTheyDiffer) {
  EXPECT_EQ(make_error_code(Errc::PacketIdZero).message(),
            "the packet identifier is 0 [MQTT-2.2.1-3; in 3.1.1: MQTT-2.3.1-1]");
  EXPECT_EQ(make_error_code(Errc::DupWithQos0).message(), "DUP is set with QoS 0 [MQTT-3.3.1-2]");
}

TEST(MqttError, ErrorsOfOtherLayersAreUnspecified) {
  const ErrorCode other = boost::system::errc::make_error_code(boost::system::errc::connection_reset);
  EXPECT_EQ(reason_of(other), Reason::UnspecifiedError);
  EXPECT_TRUE(clause_of(other).empty());
  EXPECT_EQ(reason_of({}), Reason::Success);
}

}  // namespace
}  // namespace sluice::mqtt::test

// SPDX-License-Identifier: Apache-2.0
// Chapters 3.15 and 4.12: AUTH and enhanced authentication, as far as a broker without a registered method goes.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Auth = Mqtt5Test;

TEST_F(Mqtt5Auth, MQTT_4_12_0_1_MQTT_4_12_0_4_unknown_method_is_refused) {
  for (const std::string_view data : {"", "secret"}) {
    Client client = dial();
    client.send(Connect().id(id("c")).with(Prop::AuthMethod, "NOT-KNOWN").with(Prop::AuthData, data));
    EXPECT_EQ(client.expect(Type::ConnAck).reason, 0x8CU);
    client.expect_closed();
  }
}

TEST_F(Mqtt5Auth, MQTT_4_12_0_6_without_method_the_connack_has_none) {
  Client client = join();
  EXPECT_FALSE(client.connack().has(Prop::AuthMethod));
  EXPECT_FALSE(client.connack().has(Prop::AuthData));
}

TEST_F(Mqtt5Auth, MQTT_4_12_0_7_MQTT_4_12_1_1_auth_without_method_in_connect_is_a_protocol_error) {
  for (const unsigned reason : {0x18U, 0x19U}) {
    expect_violation({"AUTH", Auth(reason).with(Prop::AuthMethod, "m").bytes(5)}, {0x82});
  }
}

TEST_F(Mqtt5Auth, MQTT_3_15_2_1_auth_without_its_method_is_refused) {
  expect_violation({"reason only", packet(Type::Auth, 0, u8(0x19))});
  expect_violation({"no property", packet(Type::Auth, 0, u8(0x19) + u8(0))});
  expect_violation({"nothing", packet(Type::Auth, 0, "")});
}

TEST_F(Mqtt5Auth, MQTT_4_13_1_1_auth_of_mqtt_3_is_a_reserved_type) {
  Client client = dial(4);
  client.open(Connect().id(id("c")));
  client.send_raw(packet(Type::Auth, 0, ""));
  client.expect_closed();
}

}  // namespace
}  // namespace sluice::test

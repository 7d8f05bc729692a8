// SPDX-License-Identifier: Apache-2.0
// Chapters 3.12, 3.14 and 4.13: PINGREQ, DISCONNECT and errors.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Disconnect = Mqtt5Test;

TEST_F(Mqtt5Disconnect, MQTT_3_12_4_1_every_pingreq_is_answered) {
  Client client = join();
  for (int i = 0; i < 3; ++i) client.send_raw(packet(Type::PingReq, 0, ""));
  for (int i = 0; i < 3; ++i) client.expect_bytes(packet(Type::PingResp, 0, ""));
}

TEST_F(Mqtt5Disconnect, MQTT_3_14_4_2_server_closes_after_the_clients_disconnect) {
  for (const Disconnect& disconnect : {Disconnect(), Disconnect(0).with(Prop::ReasonString, "bye"), Disconnect(0x04),
                                       Disconnect(0x80), Disconnect(0x93)}) {
    Client client = join();
    client.send(disconnect);
    client.expect_closed();
  }
}

TEST_F(Mqtt5Disconnect, MQTT_3_14_4_1_nothing_after_the_clients_disconnect_is_processed) {
  Client watcher = join();
  watcher.subscribe(topic("a"));
  Client client = join();
  client.send_raw(Disconnect().bytes(5) + Publish(topic("a"), "x").bytes(5));
  client.expect_closed();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt5Disconnect, MQTT_3_14_4_1_MQTT_3_14_4_2_MQTT_4_13_2_1_server_closes_after_its_own_disconnect) {
  Client client = join();
  client.send_raw(Bytes("\x00\x00", 2) + packet(Type::PingReq, 0, ""));
  const Packet disconnect = client.expect(Type::Disconnect);
  EXPECT_GE(disconnect.reason, 0x80U);
  client.expect_closed();
}

TEST_F(Mqtt5Disconnect, MQTT_3_14_0_1_no_disconnect_before_the_connack) {
  Client client = dial();
  client.send(Connect().id(id("c")).with(Prop::ReceiveMaximum, 0));
  EXPECT_GE(client.expect(Type::ConnAck).reason, 0x80U);
  client.expect_closed();
}

TEST_F(Mqtt5Disconnect, MQTT_3_14_2_1_MQTT_3_14_2_2_servers_disconnect_has_a_reason_and_no_session_expiry) {
  // The decoder of the test client refuses any other reason, and Session Expiry Interval in a server's DISCONNECT.
  Client first = join(lasting("c"));
  Client second = join(lasting("c"));
  const Packet disconnect = first.expect(Type::Disconnect);
  EXPECT_EQ(disconnect.reason, 0x8EU);
  EXPECT_FALSE(disconnect.has(Prop::SessionExpiry));
}

TEST_F(Mqtt5Disconnect, MQTT_4_13_1_1_violation_closes_only_its_own_connection) {
  Client other = join();
  other.subscribe(topic("a"));
  Client client = join();
  client.send_raw(Publish(topic("a"), "before").bytes(5) + Publish("a/#", "bad").bytes(5) +
                  Publish(topic("a"), "after").bytes(5));
  client.expect_refused({0x81, 0x82, 0x90});
  other.take(topic("a"), "before");
  other.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test

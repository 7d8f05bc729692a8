// SPDX-License-Identifier: Apache-2.0
// Chapter 2: fixed header, packet identifiers, reason codes.
#include <set>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Format : public Mqtt5Test {
 protected:
  void expect_flags_checked(Type type, unsigned right_flags, std::string_view body) {
    for (unsigned flags = 0; flags < 16; ++flags) {
      SCOPED_TRACE(flags);
      if (flags != right_flags) expect_violation({type_name(type), packet(type, flags, body)}, {0x81});
    }
  }
};

TEST_F(Mqtt5Format, MQTT_2_1_3_1_MQTT_3_6_1_1_reserved_flags_of_pubrel) {
  expect_flags_checked(Type::PubRel, 2, u16(1));
}

TEST_F(Mqtt5Format, MQTT_2_1_3_1_MQTT_3_8_1_1_reserved_flags_of_subscribe) {
  expect_flags_checked(Type::Subscribe, 2, u16(1) + u8(0) + field("a") + u8(0));
}

TEST_F(Mqtt5Format, MQTT_2_1_3_1_MQTT_3_10_1_1_reserved_flags_of_unsubscribe) {
  expect_flags_checked(Type::Unsubscribe, 2, u16(1) + u8(0) + field("a"));
}

TEST_F(Mqtt5Format, MQTT_2_1_3_1_MQTT_3_14_1_1_reserved_flags_of_disconnect) {
  expect_flags_checked(Type::Disconnect, 0, "");
}

TEST_F(Mqtt5Format, MQTT_2_1_3_1_MQTT_3_15_1_1_reserved_flags_of_auth) {
  expect_flags_checked(Type::Auth, 0, u8(0x19) + Props().with(Prop::AuthMethod, "m").bytes());
}

TEST_F(Mqtt5Format, MQTT_2_1_3_1_reserved_flags_of_pingreq_and_acknowledgements) {
  expect_flags_checked(Type::PingReq, 0, "");
  for (const Type type : {Type::PubAck, Type::PubRec, Type::PubComp}) expect_flags_checked(type, 0, u16(1));
}

TEST_F(Mqtt5Format, MQTT_2_1_3_1_reserved_flags_of_connect) {
  Bytes connect = Connect().id(id("c")).bytes(5);
  for (unsigned flags = 1; flags < 16; ++flags) {
    connect[0] = static_cast<char>(0x10 | flags);
    expect_bad_connect({"CONNECT", connect}, {0x81});
  }
}

TEST_F(Mqtt5Format, MQTT_2_2_1_2_qos_0_has_no_packet_identifier) {
  Client client = join();
  client.subscribe(topic("a"), 1);
  client.send_raw(packet(Type::Publish, 0, field(topic("a")) + u8(0) + "payload"));
  client.expect_bytes(packet(Type::Publish, 0, field(topic("a")) + u8(0) + "payload"));
}

TEST_F(Mqtt5Format, MQTT_2_2_1_3_packet_identifier_zero) {
  expect_violation({"PUBLISH QoS 1", Publish(topic("a"), "x").qos(1, 0).bytes(5)});
  expect_violation({"PUBLISH QoS 2", Publish(topic("a"), "x").qos(2, 0).bytes(5)});
  expect_violation({"SUBSCRIBE", Subscribe(0).filter("a").bytes(5)});
  expect_violation({"UNSUBSCRIBE", Unsubscribe(0).filter("a").bytes(5)});
}

TEST_F(Mqtt5Format, MQTT_2_2_1_4_MQTT_4_3_2_1_MQTT_4_3_3_1_server_uses_unused_identifiers) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  std::set<unsigned> ids;
  for (unsigned i = 0; i < 10; ++i) publisher.publish(topic("a"), "x", 1 + i % 2);
  for (int i = 0; i < 10; ++i) ids.insert(subscriber.expect(Type::Publish).packet_id);
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_FALSE(ids.contains(0));
}

TEST_F(Mqtt5Format, MQTT_2_2_1_5_acknowledgements_carry_the_identifier_of_the_publish) {
  Client client = join();
  for (const unsigned packet_id : {1U, 255U, 256U, 0xFFFFU}) {
    client.send(Publish(topic("a"), "x").qos(1, packet_id));
    client.expect_ack(Type::PubAck, packet_id);
    client.send(Publish(topic("a"), "x").qos(2, packet_id));
    client.expect_ack(Type::PubRec, packet_id);
    client.send(Ack(Type::PubRel, packet_id));
    client.expect_ack(Type::PubComp, packet_id);
  }
}

TEST_F(Mqtt5Format, MQTT_2_2_1_6_MQTT_3_8_4_2_MQTT_3_10_4_5_suback_and_unsuback_carry_the_identifier_of_the_request) {
  Client client = join();
  for (const unsigned packet_id : {1U, 255U, 256U, 0xFFFFU}) {
    client.send(Subscribe(packet_id).filter(topic("a"), 1));
    client.expect_bytes(packet(Type::SubAck, 0, u16(packet_id) + u8(0) + u8(1)));
    client.send(Unsubscribe(packet_id).filter(topic("a")));
    client.expect_bytes(packet(Type::UnsubAck, 0, u16(packet_id) + u8(0) + u8(0)));
  }
}

TEST_F(Mqtt5Format, MQTT_4_13_1_1_packet_types_that_a_client_must_not_send) {
  expect_violation({"reserved type 0", Bytes("\x00\x00", 2)});
  expect_violation({"CONNACK", packet(Type::ConnAck, 0, Bytes(3, '\0'))});
  expect_violation({"SUBACK", packet(Type::SubAck, 0, u16(1) + Bytes(2, '\0'))});
  expect_violation({"UNSUBACK", packet(Type::UnsubAck, 0, u16(1) + Bytes(2, '\0'))});
  expect_violation({"PINGRESP", packet(Type::PingResp, 0, "")});
}

TEST_F(Mqtt5Format, MQTT_4_13_1_1_packet_that_ends_too_early_or_too_late) {
  expect_violation({"PUBLISH without topic", packet(Type::Publish, 0, "")}, {0x81});
  expect_violation({"PUBLISH with half a topic", packet(Type::Publish, 0, u16(5) + "abc")}, {0x81});
  expect_violation({"PUBLISH with half an id", packet(Type::Publish, 2, field("a") + u8(0))}, {0x81});
  expect_violation({"PUBACK with half an id", packet(Type::PubAck, 0, u8(1))}, {0x81});
  expect_violation({"PUBACK with more", packet(Type::PubAck, 0, u16(1) + Bytes("\0\0x", 3))}, {0x81});
  expect_violation({"PUBREL with more", packet(Type::PubRel, 2, u16(1) + Bytes("\0\0x", 3))}, {0x81});
  expect_violation({"PUBCOMP without id", packet(Type::PubComp, 0, "")}, {0x81});
  expect_violation({"SUBSCRIBE with half a filter", packet(Type::Subscribe, 2, u16(1) + u8(0) + u16(5) + "abc")},
                   {0x81});
  expect_violation({"SUBSCRIBE without options", packet(Type::Subscribe, 2, u16(1) + u8(0) + field("a"))}, {0x81});
  expect_violation({"UNSUBSCRIBE with half a filter", packet(Type::Unsubscribe, 2, u16(1) + u8(0) + u16(5) + "abc")},
                   {0x81});
  expect_violation({"PINGREQ with a body", packet(Type::PingReq, 0, "x")}, {0x81});
  expect_violation({"DISCONNECT with more", packet(Type::Disconnect, 0, Bytes("\0\0x", 3))}, {0x81});
}

TEST_F(Mqtt5Format, MQTT_3_4_2_1_MQTT_3_5_2_1_MQTT_3_6_2_1_MQTT_3_7_2_1_MQTT_3_14_2_1_MQTT_3_15_2_1_unknown_reasons) {
  for (const unsigned reason : {0x03U, 0x7FU, 0xFFU}) {
    SCOPED_TRACE(reason);
    for (const Type type : {Type::PubAck, Type::PubRec, Type::PubRel, Type::PubComp}) {
      expect_violation({type_name(type), Ack(type, 1, reason).bytes(5)});
    }
    expect_violation({"DISCONNECT", Disconnect(reason).bytes(5)});
    expect_violation({"AUTH", Auth(reason).with(Prop::AuthMethod, "m").bytes(5)});
  }
}

TEST_F(Mqtt5Format, MQTT_4_2_1_packets_may_come_in_any_pieces) {
  Client client = dial();
  const Bytes all = Connect().id(id("c")).bytes(5) + Subscribe(5).filter(topic("a"), 0).bytes(5) +
                    Publish(topic("a"), Bytes(200, 'x')).bytes(5) + packet(Type::PingReq, 0, "");
  for (const char byte : all) client.send_raw(Bytes(1, byte));
  EXPECT_EQ(client.expect(Type::ConnAck).reason, 0U);
  client.expect_ack(Type::SubAck, 5);
  client.expect_message(topic("a"), Bytes(200, 'x'));
  client.expect(Type::PingResp);
}

}  // namespace
}  // namespace sluice::test

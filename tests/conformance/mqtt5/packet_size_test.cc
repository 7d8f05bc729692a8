// SPDX-License-Identifier: Apache-2.0
// Chapters 3.1.2.11.4 and 3.2.2.3.6: Maximum Packet Size, both ways.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

/// Room for the CONNACK, none for an explanation.
constexpr std::uint32_t kSmall = 20;

class Mqtt5PacketSize : public Mqtt5Test {
 protected:
  Client join_small(std::uint32_t maximum) {
    return join(Connect().id(id("small")).with(Prop::MaximumPacketSize, maximum));
  }
};

TEST_F(Mqtt5PacketSize, MQTT_3_1_2_24_MQTT_3_1_2_25_larger_messages_are_not_sent_and_count_as_sent) {
  Client small = join(Connect().id(id("s")).with(Prop::MaximumPacketSize, 100).with(Prop::ReceiveMaximum, 1));
  small.subscribe(topic("a"), 2);
  Client publisher = join();
  for (const unsigned qos : {0U, 1U, 2U}) {
    publisher.publish(topic("a"), Bytes(100, 'x'), qos);
    publisher.publish(topic("a"), "fits", qos);
    small.take(topic("a"), "fits");
  }
}

TEST_F(Mqtt5PacketSize, MQTT_3_1_2_24_the_maximum_itself_is_allowed) {
  Client small = join_small(100);
  small.subscribe(topic("a"));
  Client publisher = join();
  const std::size_t head = 2 + 2 + topic("a").size() + 1;
  publisher.publish(topic("a"), Bytes(101 - head, 'x'));
  publisher.publish(topic("a"), Bytes(100 - head, 'y'));
  EXPECT_EQ(small.take(topic("a"), Bytes(100 - head, 'y')).raw.size(), 100U);
}

TEST_F(Mqtt5PacketSize, MQTT_3_1_2_24_MQTT_3_1_2_25_holds_for_queued_and_retained_messages) {
  Client client = join(lasting("c").with(Prop::MaximumPacketSize, 100));
  client.subscribe(topic("a"), 1);
  client.leave();
  Client publisher = join();
  publisher.publish(topic("a"), Bytes(100, 'x'), 1, true);
  publisher.publish(topic("a"), "fits", 1);
  Client again = join(lasting("c").with(Prop::MaximumPacketSize, 100));
  again.take(topic("a"), "fits");
  again.subscribe(topic("a"), 1);
  again.expect_nothing_more(publisher);
}

TEST_F(Mqtt5PacketSize, MQTT_3_2_2_15_larger_packet_than_announced_gets_0x95) {
  Client client = join();
  const std::uint32_t maximum = client.connack().number(Prop::MaximumPacketSize).value_or(0);
  ASSERT_GT(maximum, 100U);
  client.subscribe(topic("a"));
  const std::size_t head = 4 + 2 + topic("a").size() + 1;
  client.publish(topic("a"), Bytes(maximum - head, 'x'));
  client.take(topic("a"), Bytes(maximum - head, 'x'));
  client.send(Publish(topic("a"), Bytes(maximum - head + 1, 'x')));
  client.expect_refused({0x95});
}

TEST_F(Mqtt5PacketSize, MQTT_3_1_2_24_client_that_cannot_take_the_connack_is_closed) {
  Client tiny = dial();
  tiny.send(Connect().id("").with(Prop::MaximumPacketSize, 4));
  tiny.expect_closed();
}

TEST_F(Mqtt5PacketSize, MQTT_3_4_2_2_MQTT_3_4_2_3_MQTT_3_5_2_2_MQTT_3_5_2_3_reasons_do_not_exceed_it) {
  Client small = join_small(kSmall);
  small.send(Publish(topic("a"), "\xFF").qos(1, 5).with(Prop::PayloadFormat, 1));
  EXPECT_LE(small.expect_ack(Type::PubAck, 5, 0x99).raw.size(), kSmall);
  small.send(Publish(topic("a"), "\xFF").qos(2, 6).with(Prop::PayloadFormat, 1));
  EXPECT_LE(small.expect_ack(Type::PubRec, 6, 0x99).raw.size(), kSmall);
}

TEST_F(Mqtt5PacketSize, MQTT_3_6_2_2_MQTT_3_6_2_3_MQTT_3_7_2_2_MQTT_3_7_2_3_unknown_identifiers_stay_short) {
  Client small = join_small(kSmall);
  small.send(Ack(Type::PubRec, 4711));
  EXPECT_LE(small.expect_ack(Type::PubRel, 4711, 0x92).raw.size(), kSmall);
  small.send(Ack(Type::PubRel, 4712));
  EXPECT_LE(small.expect_ack(Type::PubComp, 4712, 0x92).raw.size(), kSmall);
}

TEST_F(Mqtt5PacketSize, MQTT_3_9_2_1_MQTT_3_9_2_2_MQTT_3_11_2_1_MQTT_3_11_2_2_suback_and_unsuback_stay_short) {
  Client small = join_small(kSmall);
  small.send(Subscribe(5).filter("bad/#/filter", 1));
  EXPECT_LE(small.expect_ack(Type::SubAck, 5).raw.size(), kSmall);
  small.send(Unsubscribe(6).filter(topic("never")));
  EXPECT_LE(small.expect_ack(Type::UnsubAck, 6).raw.size(), kSmall);
}

TEST_F(Mqtt5PacketSize, MQTT_3_14_2_3_MQTT_3_14_2_4_disconnect_stays_short) {
  Client small = join_small(kSmall);
  small.send(Connect().id(id("small")));
  const Packet disconnect = small.expect(Type::Disconnect);
  EXPECT_EQ(disconnect.reason, 0x82U);
  EXPECT_LE(disconnect.raw.size(), kSmall);
  small.expect_closed();
}

}  // namespace
}  // namespace sluice::test

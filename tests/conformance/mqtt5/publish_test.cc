// SPDX-License-Identifier: Apache-2.0
// Chapter 3.3: PUBLISH, its flags and its topic.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Publish = Mqtt5Test;

TEST_F(Mqtt5Publish, MQTT_3_3_1_1_MQTT_4_4_0_1_redelivery_has_dup_and_the_same_identifier) {
  Client subscriber = join(lasting("s"));
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  const Packet one = subscriber.expect_message(topic("a"), "one");
  const Packet two = subscriber.expect_message(topic("a"), "two");
  subscriber.vanish();
  Client again = join(lasting("s"));
  const Packet one_again = again.take(topic("a"), "one");
  const Packet two_again = again.take(topic("a"), "two");
  EXPECT_TRUE(one_again.dup() && two_again.dup());
  EXPECT_EQ(one_again.packet_id, one.packet_id);
  EXPECT_EQ(two_again.packet_id, two.packet_id);
  again.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Publish, MQTT_3_3_1_2_qos_0_with_dup_is_refused) {
  expect_violation({"DUP", Publish(topic("a"), "x").dup().bytes(5)});
}

TEST_F(Mqtt5Publish, MQTT_3_3_1_3_dup_is_not_passed_on) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").qos(1, 5).dup());
  publisher.expect_ack(Type::PubAck, 5);
  EXPECT_FALSE(subscriber.take(topic("a"), "x").dup());
}

TEST_F(Mqtt5Publish, MQTT_3_3_1_4_qos_3_is_malformed) {
  expect_violation({"QoS 3", packet(Type::Publish, 6, field("a") + u16(1) + u8(0) + "x")}, {0x81});
}

TEST_F(Mqtt5Publish, MQTT_3_3_2_1_MQTT_4_7_3_1_empty_topic_without_alias) {
  expect_violation({"empty topic", Publish("", "x").bytes(5)});
}

TEST_F(Mqtt5Publish, MQTT_3_3_2_2_MQTT_4_7_0_1_wildcard_in_the_topic) {
  for (const std::string_view name : {"#", "+", "a/#", "a/+", "+/b", "a+b", "a#"}) {
    expect_violation({name, Publish(name, "x").bytes(5)}, {0x81, 0x82, 0x90});
  }
}

TEST_F(Mqtt5Publish, MQTT_3_3_2_3_topic_arrives_as_it_was_published) {
  Client client = join();
  client.subscribe(topic("+/x"));
  client.publish(topic("some where/x"), "x");
  client.take(topic("some where/x"), "x");
}

TEST_F(Mqtt5Publish, MQTT_3_3_4_1_answer_follows_the_qos) {
  Client client = join();
  client.send(Publish(topic("a"), "x"));
  client.ping();
  client.send(Publish(topic("a"), "x").qos(1, 7));
  client.expect_ack(Type::PubAck, 7);
  client.send(Publish(topic("a"), "x").qos(2, 8));
  client.expect_ack(Type::PubRec, 8);
}

TEST_F(Mqtt5Publish, MQTT_3_4_2_1_MQTT_3_5_2_1_nobody_subscribed_is_no_error) {
  Client client = join();
  client.send(Publish(topic("nobody"), "x").qos(1, 7));
  EXPECT_EQ(client.expect_ack(Type::PubAck, 7).reason, 0x10U);
  client.send(Publish(topic("nobody"), "x").qos(2, 8));
  EXPECT_EQ(client.expect_ack(Type::PubRec, 8).reason, 0x10U);
  client.send(Ack(Type::PubRel, 8));
  EXPECT_EQ(client.expect_ack(Type::PubComp, 8).reason, 0U);
}

TEST_F(Mqtt5Publish, MQTT_3_3_4_2_MQTT_3_8_4_8_overlapping_subscriptions_give_the_highest_qos) {
  Client client = join();
  client.subscribe(topic("a"), 0);
  client.subscribe(topic("+"), 2);
  client.subscribe(topic("#"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  EXPECT_EQ(client.take(topic("a"), "x").qos(), 2U);
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Publish, MQTT_3_3_4_1_payload_arrives_unchanged) {
  Client client = join();
  client.subscribe(topic("a"));
  for (const Bytes& payload : {Bytes(), Bytes("\0\xFF\x80", 3), Bytes(60000, 'x')}) {
    client.publish(topic("a"), payload);
    client.take(topic("a"), payload);
  }
}

}  // namespace
}  // namespace sluice::test

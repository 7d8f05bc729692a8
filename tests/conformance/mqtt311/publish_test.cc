// SPDX-License-Identifier: Apache-2.0
// Chapter 3.3: PUBLISH.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Publish = Mqtt311Test;

TEST_F(Mqtt311Publish, MQTT_3_3_1_1_redelivery_has_dup) {
  Client subscriber = join(Connect().id(id("s")).clean(false));
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  EXPECT_FALSE(subscriber.expect_message(topic("a"), "one").dup());
  EXPECT_FALSE(subscriber.expect_message(topic("a"), "two").dup());
  subscriber.vanish();
  Client again = join(Connect().id(id("s")).clean(false));
  EXPECT_TRUE(again.take(topic("a"), "one").dup());
  EXPECT_TRUE(again.take(topic("a"), "two").dup());
}

TEST_F(Mqtt311Publish, MQTT_3_3_1_2_qos_0_with_dup_closes) {
  expect_violation({"QoS 0 with DUP", Publish(topic("a"), "x").dup().bytes(4)});
}

TEST_F(Mqtt311Publish, MQTT_3_3_1_3_dup_is_not_passed_on) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "one").qos(1, 1).dup());
  publisher.expect_ack(Type::PubAck, 1);
  publisher.send(Publish(topic("a"), "two").qos(2, 2).dup());
  publisher.expect_ack(Type::PubRec, 2);
  publisher.send(Ack(Type::PubRel, 2));
  publisher.expect_ack(Type::PubComp, 2);
  EXPECT_FALSE(subscriber.take(topic("a"), "one").dup());
  EXPECT_FALSE(subscriber.take(topic("a"), "two").dup());
}

TEST_F(Mqtt311Publish, MQTT_3_3_1_4_qos_3_closes) {
  expect_violation({"QoS 3", Publish(topic("a"), "x").qos(3, 1).bytes(4)});
}

TEST_F(Mqtt311Publish, MQTT_3_3_2_1_MQTT_4_7_3_1_empty_topic_closes) {
  expect_violation({"empty topic", Publish("", "x").bytes(4)});
}

TEST_F(Mqtt311Publish, MQTT_3_3_2_2_MQTT_4_7_1_1_wildcard_in_the_topic_closes) {
  for (const std::string_view name : {"#", "+", "a/+", "a/#", "a/b+", "#/a"}) {
    expect_violation({name, Publish(name, "x").bytes(4)});
    expect_violation({name, Publish(name, "x").qos(1, 1).bytes(4)});
  }
}

TEST_F(Mqtt311Publish, MQTT_3_3_2_3_topic_arrives_as_it_was_published) {
  Client subscriber = join();
  subscriber.subscribe(topic("+/b"));
  Client publisher = join();
  publisher.publish(topic("A b/b"), "x");
  subscriber.take(topic("A b/b"), "x");
}

TEST_F(Mqtt311Publish, MQTT_3_3_4_1_answer_follows_the_qos) {
  Client client = join();
  client.send(Publish(topic("a"), "x"));
  client.ping();
  client.send(Publish(topic("a"), "x").qos(1, 7));
  client.expect_ack(Type::PubAck, 7);
  client.send(Publish(topic("a"), "x").qos(2, 8));
  client.expect_ack(Type::PubRec, 8);
}

TEST_F(Mqtt311Publish, MQTT_3_3_5_1_overlapping_subscriptions_give_the_highest_qos) {
  Client subscriber = join();
  EXPECT_EQ(subscriber.subscribe(topic("#"), 0), 0U);
  EXPECT_EQ(subscriber.subscribe(topic("a"), 2), 2U);
  EXPECT_EQ(subscriber.subscribe(topic("+"), 1), 1U);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  publisher.publish(topic("end"), "end", 0);
  unsigned highest = 0;
  for (Packet message = subscriber.next(); message.payload != "end"; message = subscriber.expect(Type::Publish)) {
    EXPECT_EQ(message.payload, "x");
    highest = std::max(highest, message.qos());
  }
  EXPECT_EQ(highest, 2U);
}

TEST_F(Mqtt311Publish, MQTT_3_3_4_1_payload_arrives_unchanged) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 1);
  Client publisher = join();
  Bytes every_byte;
  for (unsigned value = 0; value < 256; ++value) every_byte += u8(value);
  for (const Bytes& payload :
       {Bytes(), Bytes(1, '\0'), every_byte, Bytes(127, 'a'), Bytes(128, 'b'), Bytes(16384, 'c'), Bytes(60000, 'd')}) {
    publisher.publish(topic("a"), payload, 1);
    subscriber.take(topic("a"), payload);
  }
}

TEST_F(Mqtt311Publish, MQTT_3_3_4_1_publisher_may_receive_its_own_message) {
  Client client = join();
  client.subscribe(topic("a"));
  client.send(Publish(topic("a"), "x"));
  client.take(topic("a"), "x");
}

}  // namespace
}  // namespace sluice::test

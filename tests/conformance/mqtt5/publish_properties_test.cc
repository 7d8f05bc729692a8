// SPDX-License-Identifier: Apache-2.0
// Chapter 3.3.2.3: what a message carries besides its payload.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Message : public Mqtt5Test {
 protected:
  /// What a subscriber gets of a message with these properties.
  Packet forwarded(const Publish& publish) {
    Client client = join();
    client.subscribe(topic("a"), 1);
    client.send(publish);
    return client.take();
  }
};

TEST_F(Mqtt5Message, MQTT_3_3_2_4_payload_format_is_forwarded) {
  EXPECT_EQ(forwarded(Publish(topic("a"), "x").with(Prop::PayloadFormat, 1)).number(Prop::PayloadFormat), 1U);
  EXPECT_EQ(forwarded(Publish(topic("a"), "x").with(Prop::PayloadFormat, 0)).number(Prop::PayloadFormat), 0U);
  EXPECT_FALSE(forwarded(Publish(topic("a"), "x")).has(Prop::PayloadFormat));
}

TEST_F(Mqtt5Message, MQTT_3_4_2_1_MQTT_3_5_2_1_MQTT_4_3_3_9_text_that_is_no_text_gets_0x99) {
  Client client = join();
  client.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "\xFF").qos(1, 5).with(Prop::PayloadFormat, 1));
  EXPECT_EQ(publisher.expect_ack(Type::PubAck, 5, 0x99).reason, 0x99U);
  publisher.send(Publish(topic("a"), "\xFF").qos(2, 6).with(Prop::PayloadFormat, 1));
  EXPECT_EQ(publisher.expect_ack(Type::PubRec, 6, 0x99).reason, 0x99U);
  // The identifier is free again: the next PUBLISH with it is a new message.
  publisher.send(Publish(topic("a"), "ok").qos(2, 6).with(Prop::PayloadFormat, 1));
  publisher.expect_ack(Type::PubRec, 6);
  client.take(topic("a"), "ok");
}

TEST_F(Mqtt5Message, MQTT_4_13_1_1_text_that_is_no_text_with_qos_0_is_disconnected_or_dropped) {
  expect_violation({"QoS 0", Publish(topic("a"), "\xFF").with(Prop::PayloadFormat, 1).bytes(5)}, {0x99});
}

TEST_F(Mqtt5Message, MQTT_3_3_2_15_MQTT_3_3_2_16_response_topic_and_correlation_data_are_forwarded) {
  const Bytes key("\0\xFFkey", 5);
  const Packet message =
      forwarded(Publish(topic("a"), "x").with(Prop::ResponseTopic, "answers/1").with(Prop::CorrelationData, key));
  EXPECT_EQ(message.text(Prop::ResponseTopic), "answers/1");
  EXPECT_EQ(message.text(Prop::CorrelationData), key);
}

TEST_F(Mqtt5Message, MQTT_3_3_2_14_wildcard_in_the_response_topic) {
  for (const std::string_view name : {"a/#", "+/b"}) {
    expect_violation({name, Publish(topic("a"), "x").with(Prop::ResponseTopic, name).bytes(5)}, {0x81, 0x82, 0x90});
  }
}

TEST_F(Mqtt5Message, MQTT_3_3_2_17_MQTT_3_3_2_18_user_properties_are_forwarded_in_their_order) {
  const Packet message =
      forwarded(Publish(topic("a"), "x").user("b", "1").user("a", "2").user("b", "1").user("", "").user("a", "0"));
  EXPECT_EQ(message.user_properties(),
            (std::vector<std::pair<Bytes, Bytes>>{{"b", "1"}, {"a", "2"}, {"b", "1"}, {"", ""}, {"a", "0"}}));
}

TEST_F(Mqtt5Message, MQTT_3_3_2_20_content_type_is_forwarded) {
  EXPECT_EQ(forwarded(Publish(topic("a"), "x").with(Prop::ContentType, "text/plain")).text(Prop::ContentType),
            "text/plain");
}

TEST_F(Mqtt5Message, MQTT_3_3_2_4_MQTT_3_3_2_17_properties_are_kept_for_offline_and_retained_messages) {
  Client offline = join(lasting("s"));
  offline.subscribe(topic("a"), 1);
  offline.leave();
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").qos(1, 5).retain().with(Prop::ContentType, "t").user("n", "v"));
  publisher.expect_ack(Type::PubAck, 5);
  const Packet queued = join(lasting("s")).take();
  Client late = join();
  late.subscribe(topic("a"), 1);
  const Packet retained = late.take();
  for (const Packet& message : {queued, retained}) {
    EXPECT_EQ(message.text(Prop::ContentType), "t");
    EXPECT_EQ(message.user_properties().size(), 1U);
  }
}

TEST_F(Mqtt5Message, MQTT_3_3_2_6_live_message_keeps_its_expiry) {
  EXPECT_EQ(forwarded(Publish(topic("a"), "x").with(Prop::MessageExpiry, 500)).number(Prop::MessageExpiry), 500U);
}

TEST_F(Mqtt5Message, MQTT_3_3_2_6_waiting_time_is_taken_off_the_expiry) {
  Client client = join(lasting("s"));
  client.subscribe(topic("a"), 1);
  client.leave();
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").qos(1, 5).retain().with(Prop::MessageExpiry, 500));
  publisher.expect_ack(Type::PubAck, 5);
  let_keep_alive_pass();
  Client late = join();
  late.subscribe(topic("a"), 1);
  const Packet queued = join(lasting("s")).take(topic("a"), "x");
  const Packet retained = late.take(topic("a"), "x");
  for (const Packet& message : {queued, retained}) {
    const std::uint32_t left = message.number(Prop::MessageExpiry).value_or(0);
    EXPECT_GE(left, 480U);
    EXPECT_LE(left, 499U);
  }
}

TEST_F(Mqtt5Message, MQTT_3_3_2_5_expired_messages_are_not_delivered) {
  Client client = join(lasting("s"));
  client.subscribe(topic("a"), 1);
  client.leave();
  Client publisher = join();
  publisher.send(Publish(topic("a"), "gone").qos(1, 5).retain().with(Prop::MessageExpiry, 1));
  publisher.expect_ack(Type::PubAck, 5);
  publisher.publish(topic("a"), "stays", 1);
  let_keep_alive_pass();
  let_keep_alive_pass();
  Client again = join(lasting("s"));
  again.take(topic("a"), "stays");
  again.expect_nothing_more(publisher);
  Client late = join();
  late.subscribe(topic("a"), 1);
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Message, MQTT_4_3_3_7_MQTT_4_3_3_13_expiry_does_not_stop_a_started_delivery) {
  Client client = join(lasting("s"));
  client.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").qos(2, 5).with(Prop::MessageExpiry, 1));
  publisher.expect_ack(Type::PubRec, 5);
  const Packet message = client.expect_message(topic("a"), "x");
  let_keep_alive_pass();
  publisher.send(Ack(Type::PubRel, 5));
  publisher.expect_ack(Type::PubComp, 5);
  client.send(Ack(Type::PubRec, message.packet_id));
  client.expect_ack(Type::PubRel, message.packet_id);
  client.vanish();
  Client again = join(lasting("s"));
  again.expect_ack(Type::PubRel, message.packet_id);
}

TEST_F(Mqtt5Message, MQTT_3_3_2_17_mqtt_3_subscribers_get_the_message_without_properties) {
  Client old = dial(4);
  old.open(Connect().id(id("old")));
  old.subscribe(topic("a"), 1);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").user("n", "v").with(Prop::ContentType, "t"));
  old.expect_bytes(packet(Type::Publish, 0, field(topic("a")) + "x"));
}

}  // namespace
}  // namespace sluice::test

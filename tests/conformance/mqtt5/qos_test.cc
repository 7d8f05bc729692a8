// SPDX-License-Identifier: Apache-2.0
// Chapters 4.3 and 4.4: quality of service and delivery retry.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Qos = Mqtt5Test;

TEST_F(Mqtt5Qos, MQTT_4_3_1_1_qos_0_is_sent_with_dup_0) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 0);
  join().publish(topic("a"), "x", 1);
  subscriber.expect_bytes(packet(Type::Publish, 0, field(topic("a")) + u8(0) + "x"));
}

TEST_F(Mqtt5Qos, MQTT_4_3_2_2_MQTT_4_3_2_3_server_sends_qos_1_with_dup_0_until_acknowledged) {
  Client subscriber = join(lasting("s"));
  subscriber.subscribe(topic("a"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  const Packet one = subscriber.expect_message(topic("a"), "one");
  EXPECT_EQ(one.qos(), 1U);
  EXPECT_FALSE(one.dup());
  subscriber.send(Ack(Type::PubAck, one.packet_id));
  subscriber.ping();
  subscriber.leave();
  Client again = join(lasting("s"));
  again.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_3_2_4_MQTT_4_3_2_5_publish_after_puback_is_a_new_message_whatever_its_dup) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 1);
  Client publisher = join();
  for (const bool dup : {false, true, false}) {
    publisher.send(Publish(topic("a"), "x").qos(1, 5).dup(dup));
    publisher.expect_ack(Type::PubAck, 5);
    subscriber.take(topic("a"), "x");
  }
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_2_MQTT_4_3_3_3_MQTT_4_3_3_4_server_as_sender_of_qos_2) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  const Packet message = subscriber.expect_message(topic("a"), "x");
  EXPECT_EQ(message.qos(), 2U);
  EXPECT_FALSE(message.dup());
  subscriber.send(Ack(Type::PubRec, message.packet_id));
  subscriber.expect_bytes(Ack(Type::PubRel, message.packet_id).bytes(5));
  subscriber.send(Ack(Type::PubComp, message.packet_id));
  subscriber.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_5_MQTT_4_3_3_6_MQTT_4_4_0_1_pubrel_and_not_publish_is_sent_again_after_pubrec) {
  Client subscriber = join(lasting("s"));
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  const Packet message = subscriber.expect_message(topic("a"), "x");
  subscriber.send(Ack(Type::PubRec, message.packet_id));
  subscriber.expect_ack(Type::PubRel, message.packet_id);
  for (int i = 0; i < 2; ++i) {
    subscriber.vanish();
    subscriber = join(lasting("s"));
    subscriber.expect_bytes(Ack(Type::PubRel, message.packet_id).bytes(5));
  }
  subscriber.send(Ack(Type::PubComp, message.packet_id));
  subscriber.ping();
  subscriber.leave();
  join(lasting("s")).expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_8_MQTT_4_3_3_10_duplicate_before_pubrel_is_acknowledged_but_delivered_once) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").qos(2, 5));
  publisher.expect_ack(Type::PubRec, 5);
  for (int i = 0; i < 3; ++i) {
    publisher.send(Publish(topic("a"), "x").qos(2, 5).dup());
    publisher.expect_ack(Type::PubRec, 5);
  }
  publisher.send(Ack(Type::PubRel, 5));
  publisher.expect_ack(Type::PubComp, 5);
  subscriber.take(topic("a"), "x");
  subscriber.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_10_MQTT_4_4_0_1_duplicate_after_a_reconnect_is_delivered_once) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join(lasting("p"));
  publisher.send(Publish(topic("a"), "x").qos(2, 5));
  publisher.expect_ack(Type::PubRec, 5);
  publisher.vanish();
  publisher = join(lasting("p"));
  publisher.send(Publish(topic("a"), "x").qos(2, 5).dup());
  publisher.expect_ack(Type::PubRec, 5);
  publisher.vanish();
  publisher = join(lasting("p"));
  publisher.send(Ack(Type::PubRel, 5));
  publisher.expect_ack(Type::PubComp, 5);
  subscriber.take(topic("a"), "x");
  subscriber.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_12_publish_after_pubcomp_is_a_new_message) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  for (int i = 0; i < 3; ++i) {
    publisher.send(Publish(topic("a"), "x").qos(2, 5));
    publisher.expect_ack(Type::PubRec, 5);
    publisher.send(Ack(Type::PubRel, 5));
    publisher.expect_ack(Type::PubComp, 5);
    subscriber.take(topic("a"), "x");
  }
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_11_MQTT_3_7_2_1_every_pubrel_is_answered_with_pubcomp) {
  Client client = join();
  client.send(Publish(topic("a"), "x").qos(2, 5));
  client.expect_ack(Type::PubRec, 5);
  client.send(Ack(Type::PubRel, 5));
  client.expect_ack(Type::PubComp, 5);
  client.send(Ack(Type::PubRel, 5));
  client.expect_ack(Type::PubComp, 5, 0x92);
}

TEST_F(Mqtt5Qos, MQTT_4_4_0_1_unacknowledged_messages_come_again_with_their_identifiers) {
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
  EXPECT_EQ(one_again.packet_id, one.packet_id);
  EXPECT_EQ(two_again.packet_id, two.packet_id);
  again.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_3_2_3_acknowledgement_of_an_unknown_identifier_does_no_harm) {
  Client client = join();
  client.send(Ack(Type::PubAck, 4711));
  client.ping();
}

TEST_F(Mqtt5Qos, MQTT_4_3_3_4_MQTT_3_6_2_1_pubrec_of_an_unknown_identifier_gets_pubrel_with_0x92) {
  Client client = join();
  client.send(Ack(Type::PubRec, 4711));
  client.expect_ack(Type::PubRel, 4711, 0x92);
}

TEST_F(Mqtt5Qos, MQTT_4_3_2_3_acknowledgements_may_be_written_out) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  const unsigned one = subscriber.expect_message(topic("a"), "one").packet_id;
  subscriber.send(Ack(Type::PubAck, one).props(Props().with(Prop::ReasonString, "fine").user("n", "v")));
  publisher.publish(topic("a"), "two", 2);
  const unsigned two = subscriber.expect_message(topic("a"), "two").packet_id;
  subscriber.send(Ack(Type::PubRec, two, 0x10).props(Props()));
  subscriber.expect_ack(Type::PubRel, two);
  subscriber.send_raw(packet(Type::PubComp, 0, u16(two) + u8(0)));
  subscriber.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_4_0_2_refused_messages_are_not_sent_again) {
  Client subscriber = join(lasting("s"));
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  subscriber.send(Ack(Type::PubAck, subscriber.expect_message(topic("a"), "one").packet_id, 0x80));
  subscriber.send(Ack(Type::PubRec, subscriber.expect_message(topic("a"), "two").packet_id, 0x97));
  subscriber.ping();
  subscriber.vanish();
  join(lasting("s")).expect_nothing_more(publisher);
}

TEST_F(Mqtt5Qos, MQTT_4_4_0_1_nothing_is_sent_again_without_a_reconnect) {
  start_own_broker({"mqtt.session.retry_interval=1s"});
  if (IsSkipped()) return;
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  subscriber.expect_message(topic("a"), "x");
  let_keep_alive_pass();
  let_keep_alive_pass();
  subscriber.expect_nothing_more(publisher);
}

}  // namespace
}  // namespace sluice::test

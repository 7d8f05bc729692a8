// SPDX-License-Identifier: Apache-2.0
// Chapter 4.9: flow control by Receive Maximum, both ways.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5FlowControl : public Mqtt5Test {
 protected:
  /// A subscriber that takes two unacknowledged messages, and five messages on their way to it.
  Client join_narrow(unsigned qos, Client& publisher) {
    Client client = join(lasting("narrow").with(Prop::ReceiveMaximum, 2));
    client.subscribe(topic("a"), qos);
    for (int i = 1; i <= 5; ++i) publisher.publish(topic("a"), std::to_string(i), qos);
    return client;
  }
};

TEST_F(Mqtt5FlowControl, MQTT_3_3_4_9_MQTT_4_9_0_1_MQTT_4_9_0_2_server_waits_for_pubacks) {
  Client publisher = join();
  Client client = join_narrow(1, publisher);
  unsigned first = client.expect_message(topic("a"), "1").packet_id;
  unsigned second = client.expect_message(topic("a"), "2").packet_id;
  client.expect_nothing_more(publisher);
  for (int i = 3; i <= 5; ++i) {
    client.send(Ack(Type::PubAck, first));
    first = second;
    second = client.expect_message(topic("a"), std::to_string(i)).packet_id;
    client.expect_nothing_more(publisher);
  }
}

TEST_F(Mqtt5FlowControl, MQTT_3_3_4_9_MQTT_4_9_0_2_server_waits_for_pubcomps) {
  Client publisher = join();
  Client client = join_narrow(2, publisher);
  const unsigned first = client.expect_message(topic("a"), "1").packet_id;
  client.expect_message(topic("a"), "2");
  client.send(Ack(Type::PubRec, first));
  client.expect_ack(Type::PubRel, first);
  client.expect_nothing_more(publisher);
  client.send(Ack(Type::PubComp, first));
  client.expect_message(topic("a"), "3");
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5FlowControl, MQTT_3_3_4_9_pubrec_with_an_error_frees_a_place) {
  Client publisher = join();
  Client client = join_narrow(2, publisher);
  client.send(Ack(Type::PubRec, client.expect_message(topic("a"), "1").packet_id, 0x80));
  client.expect_message(topic("a"), "2");
  client.expect_message(topic("a"), "3");
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5FlowControl, MQTT_3_3_4_10_MQTT_4_9_0_3_other_packets_are_not_delayed) {
  Client publisher = join();
  Client client = join_narrow(1, publisher);
  client.expect_message(topic("a"), "1");
  client.expect_message(topic("a"), "2");
  client.ping();
  EXPECT_EQ(client.subscribe(topic("b"), 0), 0U);
  publisher.publish(topic("b"), "QoS 0 needs no quota");
  client.take(topic("b"), "QoS 0 needs no quota");
  client.publish(topic("c"), "x", 2);
  client.unsubscribe(topic("b"));
}

TEST_F(Mqtt5FlowControl, MQTT_4_9_0_1_quota_begins_anew_with_each_connection) {
  Client publisher = join();
  Client client = join_narrow(1, publisher);
  client.expect_message(topic("a"), "1");
  client.expect_message(topic("a"), "2");
  client.vanish();
  Client again = join(lasting("narrow").with(Prop::ReceiveMaximum, 3));
  for (const std::string_view payload : {"1", "2", "3"}) again.expect_message(topic("a"), payload);
  again.expect_nothing_more(publisher);
}

TEST_F(Mqtt5FlowControl, MQTT_3_3_4_7_more_unreleased_messages_than_announced_get_0x93) {
  start_own_broker({"mqtt.receive_maximum=2"});
  if (IsSkipped()) return;
  Client client = join();
  EXPECT_EQ(client.connack().number(Prop::ReceiveMaximum), 2U);
  for (unsigned packet_id = 1; packet_id <= 3; ++packet_id) client.send(Publish(topic("a"), "x").qos(2, packet_id));
  client.expect_ack(Type::PubRec, 1);
  client.expect_ack(Type::PubRec, 2);
  client.expect_refused({0x93});
}

TEST_F(Mqtt5FlowControl, MQTT_3_3_4_7_MQTT_3_3_4_8_acknowledged_messages_give_their_places_back) {
  start_own_broker({"mqtt.receive_maximum=2"});
  if (IsSkipped()) return;
  Client client = join();
  client.send(Publish(topic("a"), "held").qos(2, 900));
  client.expect_ack(Type::PubRec, 900);
  for (int i = 0; i < 5; ++i) {
    client.publish(topic("a"), "x", 2);
    client.publish(topic("a"), "x", 1);
    client.send(Publish(topic("a"), "duplicates count once").qos(2, 900).dup());
    client.expect_ack(Type::PubRec, 900);
    client.ping();
  }
}

}  // namespace
}  // namespace sluice::test

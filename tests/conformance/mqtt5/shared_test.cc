// SPDX-License-Identifier: Apache-2.0
// Chapter 4.8.2: shared subscriptions.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Shared : public Mqtt5Test {
 protected:
  [[nodiscard]] std::string shared(std::string_view suffix) const { return "$share/group/" + topic(suffix); }
  /// The number of messages that wait for a client, and takes them.
  static int drain(Client& client, Client& publisher, std::string_view marker) {
    int count = 0;
    client.send(Subscribe(client.fresh_id()).filter(marker));
    for (Packet packet = client.next(); packet.topic != marker; packet = client.next()) {
      if (packet.type == Type::SubAck) publisher.publish(marker, "end");
      if (packet.type == Type::Publish) ++count;
    }
    return count;
  }
};

TEST_F(Mqtt5Shared, MQTT_4_8_2_1_MQTT_4_8_2_2_malformed_names_are_refused) {
  Client client = join();
  for (const std::string_view filter : {"$share/", "$share/g", "$share//a", "$share/g/", "$share/g+/a", "$share/#/a",
                                        "$share/+/a", "$share/g#/a", "$share/g/a#"}) {
    SCOPED_TRACE(filter);
    client.send(Subscribe(1).filter(filter, 1));
    EXPECT_EQ(client.expect_ack(Type::SubAck, 1).reasons, std::vector<unsigned>{0x8F});
  }
}

TEST_F(Mqtt5Shared, MQTT_3_8_3_4_no_local_is_a_protocol_error) {
  expect_violation({"no local", Subscribe(1).filter(shared("a"), 1 | kNoLocal).bytes(5)}, {0x82});
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_1_each_message_goes_to_one_of_the_group) {
  Client first = join();
  Client second = join();
  first.subscribe(shared("a"), 1);
  second.subscribe(shared("a"), 1);
  Client publisher = join();
  for (int i = 0; i < 10; ++i) publisher.publish(topic("a"), "x", 1);
  const int got_first = drain(first, publisher, topic("end1"));
  const int got_second = drain(second, publisher, topic("end2"));
  EXPECT_EQ(got_first + got_second, 10);
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_1_round_robin_gives_all_the_same_share) {
  start_own_broker({"mqtt.shared_subscription_strategy=round_robin"});
  if (IsSkipped()) return;
  Client first = join();
  Client second = join();
  first.subscribe(shared("a"), 1);
  second.subscribe(shared("a"), 1);
  Client publisher = join();
  for (int i = 0; i < 10; ++i) publisher.publish(topic("a"), "x", 1);
  EXPECT_EQ(drain(first, publisher, topic("end1")), 5);
  EXPECT_EQ(drain(second, publisher, topic("end2")), 5);
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_1_every_group_and_every_ordinary_subscription_gets_a_copy) {
  Client both = join();
  Client other = join();
  both.subscribe("$share/one/" + topic("a"), 1);
  both.subscribe(topic("#"), 1);
  other.subscribe("$share/two/" + topic("a"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  both.take(topic("a"), "x");
  both.take(topic("a"), "x");
  other.take(topic("a"), "x");
  both.expect_nothing_more(publisher);
  other.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_3_granted_qos_is_respected) {
  Client client = join();
  Client publisher = join();
  for (const unsigned qos : {0U, 1U, 2U}) {
    client.subscribe(shared("a"), qos);
    publisher.publish(topic("a"), "x", 2);
    EXPECT_EQ(client.take(topic("a"), "x").qos(), qos);
  }
}

TEST_F(Mqtt5Shared, MQTT_3_3_1_9_no_retained_messages_for_shared_subscriptions) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  client.subscribe(shared("a"), 1);
  client.expect_nothing_more();
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_4_started_qos_2_delivery_is_completed_with_the_same_client) {
  Client chosen = join(lasting("chosen"));
  chosen.subscribe(shared("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  const Packet message = chosen.expect_message(topic("a"), "x");
  chosen.send(Ack(Type::PubRec, message.packet_id));
  chosen.expect_ack(Type::PubRel, message.packet_id);
  Client other = join();
  other.subscribe(shared("a"), 2);
  chosen.vanish();
  other.expect_nothing_more(publisher);
  Client again = join(lasting("chosen"));
  again.expect_ack(Type::PubRel, message.packet_id);
  again.send(Ack(Type::PubComp, message.packet_id));
  other.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_5_started_qos_2_delivery_ends_with_the_session) {
  Client chosen = join(Connect().id(id("chosen")));
  chosen.subscribe(shared("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  const Packet message = chosen.expect_message(topic("a"), "x");
  chosen.send(Ack(Type::PubRec, message.packet_id));
  chosen.expect_ack(Type::PubRel, message.packet_id);
  Client other = join();
  other.subscribe(shared("a"), 2);
  chosen.vanish();
  other.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_6_refused_message_goes_to_nobody_else) {
  Client chosen = join();
  chosen.subscribe(shared("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  const Packet one = chosen.expect_message(topic("a"), "one");
  const Packet two = chosen.expect_message(topic("a"), "two");
  Client other = join();
  other.subscribe(shared("a"), 2);
  chosen.send(Ack(Type::PubAck, one.packet_id, 0x83));
  chosen.send(Ack(Type::PubRec, two.packet_id, 0x97));
  chosen.ping();
  other.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Shared, MQTT_3_10_4_1_unsubscribe_names_the_group) {
  Client client = join();
  client.subscribe(shared("a"), 1);
  client.send(Unsubscribe(5).filter(topic("a")).filter("$share/other/" + topic("a")).filter(shared("a")));
  EXPECT_EQ(client.expect_ack(Type::UnsubAck, 5).reasons, (std::vector<unsigned>{0x11, 0x11, 0}));
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Shared, MQTT_4_8_2_1_the_rest_of_the_group_takes_over) {
  Client first = join();
  Client second = join();
  first.subscribe(shared("a"), 1);
  second.subscribe(shared("a"), 1);
  second.leave();
  Client publisher = join();
  for (int i = 0; i < 4; ++i) publisher.publish(topic("a"), "x", 1);
  EXPECT_EQ(drain(first, publisher, topic("end")), 4);
}

}  // namespace
}  // namespace sluice::test

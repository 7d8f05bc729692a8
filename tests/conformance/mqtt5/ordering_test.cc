// SPDX-License-Identifier: Apache-2.0
// Chapter 4.6: message ordering.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Ordering = Mqtt5Test;

TEST_F(Mqtt5Ordering, MQTT_4_6_0_1_messages_come_again_in_their_order) {
  Client subscriber = join(lasting("s"));
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  for (int i = 0; i < 10; ++i) publisher.publish(topic("a"), std::to_string(i), 1U + static_cast<unsigned>(i % 2));
  for (int i = 0; i < 10; ++i) subscriber.expect_message(topic("a"), std::to_string(i));
  subscriber.vanish();
  Client again = join(lasting("s"));
  for (int i = 0; i < 10; ++i) again.expect_message(topic("a"), std::to_string(i));
}

TEST_F(Mqtt5Ordering, MQTT_4_6_0_2_pubacks_come_in_the_order_of_the_publishes) {
  Client client = join();
  Bytes burst;
  for (unsigned i = 1; i <= 50; ++i) burst += Publish(topic("a"), "x").qos(1, i).bytes(5);
  client.send_raw(burst);
  for (unsigned i = 1; i <= 50; ++i) client.expect_ack(Type::PubAck, i);
}

TEST_F(Mqtt5Ordering, MQTT_4_6_0_3_pubrecs_come_in_the_order_of_the_publishes) {
  Client client = join();
  Bytes publishes;
  Bytes releases;
  for (unsigned i = 1; i <= 50; ++i) publishes += Publish(topic("a"), "x").qos(2, i).bytes(5);
  for (unsigned i = 1; i <= 50; ++i) releases += Ack(Type::PubRel, i).bytes(5);
  client.send_raw(publishes);
  for (unsigned i = 1; i <= 50; ++i) client.expect_ack(Type::PubRec, i);
  client.send_raw(releases);
  for (unsigned i = 1; i <= 50; ++i) client.expect_ack(Type::PubComp, i);
}

TEST_F(Mqtt5Ordering, MQTT_4_6_0_4_pubrels_come_in_the_order_of_the_pubrecs) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 2);
  Client publisher = join();
  std::vector<unsigned> ids;
  for (int i = 0; i < 10; ++i) publisher.publish(topic("a"), "x", 2);
  for (int i = 0; i < 10; ++i) ids.push_back(subscriber.expect_message(topic("a"), "x").packet_id);
  Bytes received;
  for (auto packet_id = ids.rbegin(); packet_id != ids.rend(); ++packet_id) {
    received += Ack(Type::PubRec, *packet_id).bytes(5);
  }
  subscriber.send_raw(received);
  for (auto packet_id = ids.rbegin(); packet_id != ids.rend(); ++packet_id) {
    subscriber.expect_ack(Type::PubRel, *packet_id);
  }
}

TEST_F(Mqtt5Ordering, MQTT_4_6_0_5_MQTT_4_6_0_6_order_of_one_publisher_holds_for_each_qos) {
  for (const unsigned qos : {0U, 1U, 2U}) {
    SCOPED_TRACE(qos);
    Client subscriber = join();
    subscriber.subscribe(topic("a"), qos);
    Client publisher = join();
    for (int i = 0; i < 100; ++i) publisher.publish(topic("a"), std::to_string(i), qos);
    for (int i = 0; i < 100; ++i) subscriber.take(topic("a"), std::to_string(i));
  }
}

TEST_F(Mqtt5Ordering, MQTT_4_6_0_6_order_holds_from_the_queue_to_the_live_messages) {
  Client subscriber = join(lasting("s"));
  subscriber.subscribe(topic("a"), 1);
  subscriber.leave();
  Client publisher = join();
  for (int i = 0; i < 60; ++i) publisher.publish(topic("a"), std::to_string(i), 1);
  Client again = join(lasting("s"));
  for (int i = 60; i < 100; ++i) publisher.publish(topic("a"), std::to_string(i), 1);
  for (int i = 0; i < 100; ++i) again.take(topic("a"), std::to_string(i));
}

}  // namespace
}  // namespace sluice::test

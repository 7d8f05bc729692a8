// SPDX-License-Identifier: Apache-2.0
// Chapter 3.3.1.3: retained messages.
#include <set>

#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Retained = Mqtt311Test;

TEST_F(Mqtt311Retained, MQTT_3_3_1_5_MQTT_3_3_1_6_MQTT_3_3_1_8_stored_with_its_qos_for_later_subscribers) {
  for (const unsigned qos : {0U, 1U, 2U}) {
    Client publisher = join();
    publisher.publish(topic("a"), "kept", qos, true);
    publisher.ping();  // its answer says that the message was taken, with QoS 0 too
    Client late = join();
    late.subscribe(topic("a"), 2);
    const Packet message = late.take(topic("a"), "kept");
    EXPECT_TRUE(message.retain());
    EXPECT_EQ(message.qos(), qos);
    EXPECT_FALSE(message.dup());
  }
}

TEST_F(Mqtt311Retained, MQTT_3_3_1_6_only_the_last_on_each_matching_topic) {
  Client publisher = join();
  publisher.publish(topic("a"), "old", 1, true);
  publisher.publish(topic("a"), "new", 1, true);
  publisher.publish(topic("b/c"), "deep", 1, true);
  Client late = join();
  late.subscribe(topic("#"), 1);
  std::set<Bytes> seen;
  for (int i = 0; i < 2; ++i) {
    const Packet message = late.take();
    EXPECT_TRUE(message.retain());
    seen.insert(message.payload);
  }
  EXPECT_EQ(seen, (std::set<Bytes>{"new", "deep"}));
  late.expect_nothing_more();
}

TEST_F(Mqtt311Retained, MQTT_3_3_1_7_qos_0_replaces_what_was_retained) {
  Client publisher = join();
  publisher.publish(topic("a"), "old", 1, true);
  publisher.publish(topic("a"), "new", 0, true);
  publisher.ping();
  Client late = join();
  late.subscribe(topic("a"), 1);
  late.take(topic("a"), "new");
}

TEST_F(Mqtt311Retained, MQTT_3_3_1_9_established_subscription_gets_retain_0) {
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 1);
  join().publish(topic("a"), "kept", 1, true);
  EXPECT_FALSE(subscriber.take(topic("a"), "kept").retain());
}

TEST_F(Mqtt311Retained, MQTT_3_3_1_10_MQTT_3_3_1_11_empty_payload_is_delivered_and_removes) {
  Client publisher = join();
  publisher.publish(topic("a"), "kept", 1, true);
  Client subscriber = join();
  subscriber.subscribe(topic("a"), 1);
  subscriber.take(topic("a"), "kept");
  publisher.publish(topic("a"), "", 1, true);
  EXPECT_FALSE(subscriber.take(topic("a"), "").retain());
  Client late = join();
  late.subscribe(topic("a"), 1);
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt311Retained, MQTT_3_3_1_12_retain_0_neither_stores_nor_replaces_nor_removes) {
  Client publisher = join();
  publisher.publish(topic("a"), "kept", 1, true);
  publisher.publish(topic("a"), "passing", 1, false);
  publisher.publish(topic("a"), "", 1, false);
  publisher.publish(topic("b"), "passing", 1, false);
  Client late = join();
  late.subscribe(topic("#"), 1);
  late.take(topic("a"), "kept");
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt311Retained, MQTT_3_1_2_7_retained_messages_outlive_the_session) {
  Client publisher = join(Connect().id(id("p")).clean(true));
  publisher.publish(topic("a"), "kept", 1, true);
  publisher.leave();
  join(Connect().id(id("p")).clean(true)).leave();
  Client late = join();
  late.subscribe(topic("a"), 1);
  late.take(topic("a"), "kept");
}

TEST_F(Mqtt311Retained, MQTT_3_3_1_6_wildcard_rules_hold) {
  Client publisher = join();
  publisher.publish(topic("x/1"), "x1", 1, true);
  publisher.publish(topic("x"), "x", 1, true);
  publisher.publish(topic("x/1/2"), "x12", 1, true);
  publisher.publish(topic("/1"), "empty level", 1, true);
  const auto retained = [this](std::string_view filter) {
    Client late = join();
    late.subscribe(topic("end"));
    late.send(Subscribe(5).filter(topic(filter)));
    late.expect_ack(Type::SubAck, 5);
    std::set<Bytes> seen;
    late.send(Publish(topic("end"), "end"));
    for (Packet message = late.take(); message.payload != "end"; message = late.take()) seen.insert(message.payload);
    return seen;
  };
  EXPECT_EQ(retained("x/+"), (std::set<Bytes>{"x1"}));
  EXPECT_EQ(retained("x/#"), (std::set<Bytes>{"x", "x1", "x12"}));
  EXPECT_EQ(retained("+/1"), (std::set<Bytes>{"x1", "empty level"}));
  EXPECT_EQ(retained("+/+/2"), (std::set<Bytes>{"x12"}));
  EXPECT_EQ(retained("x"), (std::set<Bytes>{"x"}));
}

}  // namespace
}  // namespace sluice::test

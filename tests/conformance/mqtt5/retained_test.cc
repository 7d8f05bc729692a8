// SPDX-License-Identifier: Apache-2.0
// Chapters 3.3.1.3 and 3.8.3.1: retained messages, Retain Handling and Retain As Published.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Retained = Mqtt5Test;

TEST_F(Mqtt5Retained, MQTT_3_3_1_5_stored_and_replaced) {
  Client publisher = join();
  publisher.publish(topic("a"), "first", 1, true);
  publisher.publish(topic("a"), "second", 0, true);
  publisher.ping();  // its answer says that the message was taken
  Client late = join();
  late.subscribe(topic("a"), 2);
  const Packet message = late.take(topic("a"), "second");
  EXPECT_TRUE(message.retain());
  EXPECT_EQ(message.qos(), 0U);
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_6_MQTT_3_3_1_7_empty_payload_is_delivered_and_removes) {
  Client publisher = join();
  publisher.publish(topic("a"), "kept", 1, true);
  Client early = join();
  early.subscribe(topic("a"));
  early.take(topic("a"), "kept");
  publisher.publish(topic("a"), "", 1, true);
  early.take(topic("a"), "");
  Client late = join();
  late.subscribe(topic("a"));
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_8_retain_0_neither_stores_nor_replaces_nor_removes) {
  Client publisher = join();
  publisher.publish(topic("a"), "kept", 1, true);
  publisher.publish(topic("a"), "live", 1);
  publisher.publish(topic("a"), "", 1);
  publisher.publish(topic("b"), "live", 1);
  Client late = join();
  late.subscribe(topic("+"));
  late.take(topic("a"), "kept");
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_9_MQTT_3_8_4_4_retain_handling_0_sends_them_every_time) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  for (int i = 0; i < 3; ++i) {
    client.subscribe(topic("a"), 1);
    EXPECT_TRUE(client.take(topic("a"), "kept").retain());
  }
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_10_retain_handling_1_sends_them_to_new_subscriptions_only) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  client.subscribe(topic("a"), 1 | kRetainIfNew);
  client.take(topic("a"), "kept");
  client.subscribe(topic("a"), 2 | kRetainIfNew);
  client.expect_nothing_more();
  client.unsubscribe(topic("a"));
  client.subscribe(topic("a"), 1 | kRetainIfNew);
  client.take(topic("a"), "kept");
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_10_retain_handling_1_remembers_the_subscriptions_of_a_session) {
  Client client = join(lasting("c"));
  client.publish(topic("a"), "kept", 1, true);
  client.subscribe(topic("a"), 1 | kRetainIfNew);
  client.take(topic("a"), "kept");
  client.leave();
  Client again = join(lasting("c"));
  again.subscribe(topic("a"), 1 | kRetainIfNew);
  again.expect_nothing_more();
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_11_retain_handling_2_sends_none) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  client.subscribe(topic("a"), 1 | kNoRetained);
  client.expect_nothing_more();
}

TEST_F(Mqtt5Retained, MQTT_3_8_3_5_retain_handling_3_is_refused) {
  expect_violation({"Retain Handling 3", Subscribe(1).filter("a", kRetainIfNew | kNoRetained).bytes(5)});
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_12_without_retain_as_published_live_messages_have_retain_0) {
  Client client = join();
  client.subscribe(topic("a"), 1);
  client.publish(topic("b"), "x", 0, true);
  join().publish(topic("a"), "x", 1, true);
  EXPECT_FALSE(client.take(topic("a"), "x").retain());
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_13_retain_as_published_keeps_the_flag) {
  Client client = join();
  client.subscribe(topic("a"), 1 | kRetainAsPublished);
  Client publisher = join();
  for (const bool retain : {true, false, true}) {
    publisher.publish(topic("a"), "x", 1, retain);
    EXPECT_EQ(client.take(topic("a"), "x").retain(), retain);
  }
}

TEST_F(Mqtt5Retained, MQTT_3_3_1_13_retain_as_published_holds_for_queued_messages) {
  Client client = join(lasting("c"));
  client.subscribe(topic("a"), 1 | kRetainAsPublished);
  client.leave();
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1, true);
  publisher.publish(topic("a"), "y", 1, false);
  Client again = join(lasting("c"));
  EXPECT_TRUE(again.take(topic("a"), "x").retain());
  EXPECT_FALSE(again.take(topic("a"), "y").retain());
}

}  // namespace
}  // namespace sluice::test

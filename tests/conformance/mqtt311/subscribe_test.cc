// SPDX-License-Identifier: Apache-2.0
// Chapters 3.8 and 3.9: SUBSCRIBE and SUBACK.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Subscribe = Mqtt311Test;

TEST_F(Mqtt311Subscribe, MQTT_3_8_3_3_no_filter_closes) {
  expect_violation({"identifier only", packet(Type::Subscribe, 2, u16(1))});
  expect_violation({"nothing at all", packet(Type::Subscribe, 2, "")});
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_3_4_reserved_bits_or_qos_3_close) {
  for (const unsigned options : {3U, 4U, 8U, 0x10U, 0x20U, 0x40U, 0x80U, 0x81U}) {
    SCOPED_TRACE(options);
    expect_violation({"requested QoS", Subscribe(1).filter(topic("a"), options).bytes(4)});
  }
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_3_1_MQTT_4_7_3_1_empty_filter_closes) {
  expect_violation({"empty filter", Subscribe(1).filter("").bytes(4)});
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_3_2_wildcards_are_supported) {
  Client client = join();
  EXPECT_EQ(client.subscribe(topic("+/x"), 0), 0U);
  EXPECT_EQ(client.subscribe(topic("#"), 1), 1U);
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_4_1_MQTT_3_8_4_2_suback_with_the_same_identifier) {
  Client client = join();
  client.send(Subscribe(0x1234).filter(topic("a"), 1));
  client.expect_bytes(packet(Type::SubAck, 0, u16(0x1234) + u8(1)));
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_4_3_same_filter_replaces_the_subscription) {
  Client client = join();
  client.subscribe(topic("a"), 2);
  client.subscribe(topic("a"), 0);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  EXPECT_EQ(client.take(topic("a"), "x").qos(), 0U);
  client.expect_nothing_more(publisher);
  client.unsubscribe(topic("a"));
  publisher.publish(topic("a"), "y", 2);
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_4_3_same_filter_sends_retained_messages_again) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  for (int i = 0; i < 3; ++i) {
    client.subscribe(topic("a"), 1);
    EXPECT_TRUE(client.take(topic("a"), "kept").retain());
  }
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_4_4_MQTT_3_8_4_5_MQTT_3_9_3_1_one_code_per_filter_in_their_order) {
  Client client = join();
  client.send(Subscribe(5).filter(topic("a"), 2).filter(topic("b"), 0).filter(topic("c"), 1).filter(topic("a"), 1));
  client.expect_bytes(packet(Type::SubAck, 0, u16(5) + Bytes("\x02\x00\x01\x01", 4)));
  join().publish(topic("b"), "b", 1);
  EXPECT_EQ(client.take(topic("b"), "b").qos(), 0U);
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_4_6_message_qos_is_the_lower_of_published_and_granted) {
  Client publisher = join();
  for (unsigned granted = 0; granted <= 2; ++granted) {
    Client subscriber = join();
    ASSERT_EQ(subscriber.subscribe(topic("a"), granted), granted);
    for (unsigned published = 0; published <= 2; ++published) {
      publisher.publish(topic("a"), "x", published);
      EXPECT_EQ(subscriber.take(topic("a"), "x").qos(), std::min(granted, published));
    }
  }
}

TEST_F(Mqtt311Subscribe, MQTT_3_9_3_2_malformed_filter_is_never_granted) {
  // Chapter 4.7.1 forbids the filter; a server answers 0x80 or closes.
  for (const std::string_view filter : {"a/#/b", "a#", "#a", "a/b#", "+a", "a+", "a/+b/c", "##", "++"}) {
    SCOPED_TRACE(filter);
    Client client = join();
    client.send(Subscribe(1).filter(filter));
    try {
      EXPECT_EQ(client.next().reasons, std::vector<unsigned>{0x80});
    } catch (const ScriptError&) {
      client.expect_closed();
    }
  }
}

TEST_F(Mqtt311Subscribe, MQTT_3_8_4_4_many_filters_in_one_packet) {
  Subscribe subscribe(9);
  for (int i = 0; i < 500; ++i) subscribe.filter(topic("many/" + std::to_string(i)), 1);
  Client client = join();
  client.send(subscribe);
  EXPECT_EQ(client.expect_ack(Type::SubAck, 9).reasons, std::vector<unsigned>(500, 1));
  client.publish(topic("many/499"), "x");
  client.take(topic("many/499"), "x");
}

}  // namespace
}  // namespace sluice::test

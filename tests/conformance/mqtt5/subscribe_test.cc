// SPDX-License-Identifier: Apache-2.0
// Chapters 3.8 and 3.9: SUBSCRIBE, its options and SUBACK.
#include <algorithm>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Subscribe = Mqtt5Test;

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_2_no_filter_is_a_protocol_error) {
  expect_violation({"identifier and properties only", packet(Type::Subscribe, 2, u16(1) + u8(0))});
  expect_violation({"nothing at all", packet(Type::Subscribe, 2, "")});
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_5_reserved_bits_or_qos_3) {
  for (const unsigned options : {0x03U, 0x40U, 0x80U, 0xC1U}) {
    SCOPED_TRACE(options);
    expect_violation({"options", Subscribe(1).filter(topic("a"), options).bytes(5)});
  }
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_1_MQTT_4_7_3_1_empty_filter) {
  expect_violation({"empty filter", Subscribe(1).filter("").bytes(5)}, {0x81, 0x82, 0x8F});
}

TEST_F(Mqtt5Subscribe, MQTT_4_7_1_1_MQTT_4_7_1_2_MQTT_3_9_3_2_malformed_filter_gets_0x8F) {
  Client client = join();
  for (const std::string_view filter : {"a/#/b", "a#", "#a", "a/b#", "+a", "a+", "a/+b/c", "##", "++"}) {
    SCOPED_TRACE(filter);
    client.send(Subscribe(1).filter(filter));
    EXPECT_EQ(client.expect_ack(Type::SubAck, 1).reasons, std::vector<unsigned>{0x8F});
  }
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_4_1_MQTT_3_8_4_2_MQTT_3_8_4_7_suback_shows_what_was_granted) {
  Client client = join();
  for (const unsigned qos : {0U, 1U, 2U}) {
    client.send(Subscribe(0x1234 + qos).filter(topic("a"), qos));
    client.expect_bytes(packet(Type::SubAck, 0, u16(0x1234 + qos) + u8(0) + u8(qos)));
  }
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_4_5_MQTT_3_8_4_6_MQTT_3_9_3_1_one_code_per_filter_in_their_order) {
  Client client = join();
  client.send(Subscribe(5)
                  .filter(topic("a"), 2)
                  .filter("bad/#/filter", 1)
                  .filter(topic("b"), 0)
                  .filter("$share//x", 1)
                  .filter(topic("a"), 1));
  EXPECT_EQ(client.expect_ack(Type::SubAck, 5).reasons, (std::vector<unsigned>{2, 0x8F, 0, 0x8F, 1}));
  join().publish(topic("b"), "b", 1);
  EXPECT_EQ(client.take(topic("b"), "b").qos(), 0U);
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_4_3_same_filter_replaces_the_subscription_and_its_options) {
  Client client = join();
  client.subscribe(topic("a"), 2 | kRetainAsPublished);
  client.subscribe(topic("a"), 0);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2, true);
  const Packet message = client.take(topic("a"), "x");
  EXPECT_EQ(message.qos(), 0U);
  EXPECT_FALSE(message.retain());
  client.expect_nothing_more(publisher);
  client.unsubscribe(topic("a"));
  publisher.publish(topic("a"), "y", 2);
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_4_4_replacing_loses_no_messages) {
  Client client = join();
  client.subscribe(topic("a"), 1);
  Client publisher = join();
  for (unsigned i = 0; i < 20; ++i) {
    client.send(Subscribe(i + 1).filter(topic("a"), 1));
    publisher.publish(topic("a"), std::to_string(i), 1);
  }
  for (unsigned i = 0; i < 20;) {
    const Packet got = client.next();
    if (got.type != Type::Publish) continue;
    EXPECT_EQ(got.payload, std::to_string(i++));
    client.send(Ack(Type::PubAck, got.packet_id));
  }
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_4_8_message_qos_is_the_lower_of_published_and_granted) {
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

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_3_no_local_holds_back_ones_own_messages) {
  Client client = join();
  client.subscribe(topic("a"), 1 | kNoLocal);
  client.publish(topic("a"), "own", 1);
  client.expect_nothing_more();
  Client other = join();
  other.publish(topic("a"), "other", 1);
  client.take(topic("a"), "other");
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_3_no_local_goes_by_the_client_identifier) {
  Client client = join(lasting("c"));
  client.subscribe(topic("a"), 1 | kNoLocal);
  client.leave();
  Client again = join(lasting("c"));
  again.publish(topic("a"), "own", 1);
  again.expect_nothing_more();
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_3_without_no_local_ones_own_messages_come_back) {
  Client client = join();
  client.subscribe(topic("a"), 0);
  client.publish(topic("a"), "own");
  client.take(topic("a"), "own");
}

TEST_F(Mqtt5Subscribe, MQTT_3_8_3_3_no_local_does_not_silence_another_overlapping_subscription) {
  Client client = join();
  client.subscribe(topic("a"), 2 | kNoLocal);
  client.subscribe(topic("#"), 0);
  client.publish(topic("a"), "own");
  EXPECT_EQ(client.take(topic("a"), "own").qos(), 0U);
  client.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapters 3.10 and 3.11: UNSUBSCRIBE and UNSUBACK.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Unsubscribe = Mqtt5Test;

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_3_2_no_filter_is_a_protocol_error) {
  expect_violation({"identifier and properties only", packet(Type::Unsubscribe, 2, u16(1) + u8(0))});
  expect_violation({"nothing at all", packet(Type::Unsubscribe, 2, "")});
}

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_3_1_MQTT_4_7_3_1_empty_filter) {
  expect_violation({"empty filter", Unsubscribe(1).filter("").bytes(5)}, {0x81, 0x82, 0x8F});
}

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_4_1_filters_are_compared_character_by_character) {
  Client client = join();
  client.subscribe(topic("+/a"), 1);
  client.send(Unsubscribe(5).filter(topic("x/a")).filter(topic("+/A")).filter(topic("+/a/")).filter(topic("#")));
  EXPECT_EQ(client.expect_ack(Type::UnsubAck, 5).reasons, std::vector<unsigned>(4, 0x11));
  client.send(Publish(topic("x/a"), "still"));
  client.take(topic("x/a"), "still");
  client.send(Unsubscribe(6).filter(topic("+/a")));
  EXPECT_EQ(client.expect_ack(Type::UnsubAck, 6).reasons, std::vector<unsigned>{0});
  client.send(Publish(topic("x/a"), "gone"));
  client.expect_nothing_more();
}

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_4_2_no_new_messages_after_it) {
  Client client = join();
  client.subscribe(topic("a"), 1);
  client.unsubscribe(topic("a"));
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_4_3_started_deliveries_are_completed) {
  Client client = join(lasting("c"));
  client.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  client.expect_message(topic("a"), "one");
  const Packet two = client.expect_message(topic("a"), "two");
  client.unsubscribe(topic("a"));
  client.send(Ack(Type::PubRec, two.packet_id));
  client.expect_ack(Type::PubRel, two.packet_id);
  client.vanish();
  Client again = join(lasting("c"));
  again.take(topic("a"), "one");
  again.expect_ack(Type::PubRel, two.packet_id);
}

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_4_4_MQTT_3_10_4_5_unsuback_even_when_nothing_was_subscribed) {
  Client client = join();
  client.send(Unsubscribe(0xABCD).filter(topic("never")));
  client.expect_bytes(packet(Type::UnsubAck, 0, u16(0xABCD) + u8(0) + u8(0x11)));
}

TEST_F(Mqtt5Unsubscribe, MQTT_3_10_4_6_MQTT_3_11_3_1_MQTT_3_11_3_2_several_filters_get_one_unsuback_in_their_order) {
  Client client = join();
  client.subscribe(topic("a"));
  client.subscribe(topic("b"));
  client.subscribe(topic("c"));
  client.send(Unsubscribe(5).filter(topic("a")).filter(topic("never")).filter(topic("b")).filter(topic("a")));
  client.expect_bytes(packet(Type::UnsubAck, 0, u16(5) + u8(0) + Bytes("\x00\x11\x00\x11", 4)));
  for (const std::string_view name : {"a", "b", "c"}) client.send(Publish(topic(name), name));
  client.take(topic("c"), "c");
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapters 3.10 and 3.11: UNSUBSCRIBE and UNSUBACK.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Unsubscribe = Mqtt311Test;

TEST_F(Mqtt311Unsubscribe, MQTT_3_10_3_2_no_filter_closes) {
  expect_violation({"identifier only", packet(Type::Unsubscribe, 2, u16(1))});
  expect_violation({"nothing at all", packet(Type::Unsubscribe, 2, "")});
  expect_violation({"empty filter", Unsubscribe(1).filter("").bytes(4)});
}

TEST_F(Mqtt311Unsubscribe, MQTT_3_10_4_1_filters_are_compared_character_by_character) {
  Client client = join();
  client.subscribe(topic("+/a"), 1);
  client.unsubscribe(topic("x/a"));
  client.unsubscribe(topic("+/A"));
  client.unsubscribe(topic("+/a/"));
  client.unsubscribe(topic("#"));
  client.send(Publish(topic("x/a"), "still"));
  client.take(topic("x/a"), "still");
  client.unsubscribe(topic("+/a"));
  client.send(Publish(topic("x/a"), "gone"));
  client.expect_nothing_more();
}

TEST_F(Mqtt311Unsubscribe, MQTT_3_10_4_2_no_new_messages_after_it) {
  Client client = join();
  client.subscribe(topic("a"), 1);
  client.unsubscribe(topic("a"));
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt311Unsubscribe, MQTT_3_10_4_3_started_deliveries_are_completed) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  client.expect_message(topic("a"), "one");
  const Packet two = client.expect_message(topic("a"), "two");
  client.send(Unsubscribe(9).filter(topic("a")));
  client.expect_ack(Type::UnsubAck, 9);
  client.send(Ack(Type::PubRec, two.packet_id));
  client.expect_ack(Type::PubRel, two.packet_id);
  client.vanish();
  Client again = join(Connect().id(id("c")).clean(false));
  again.take(topic("a"), "one");
  again.expect_ack(Type::PubRel, two.packet_id);
}

TEST_F(Mqtt311Unsubscribe, MQTT_3_10_4_4_MQTT_3_10_4_5_unsuback_even_when_nothing_was_subscribed) {
  Client client = join();
  client.send(Unsubscribe(0xABCD).filter(topic("never")));
  client.expect_bytes(packet(Type::UnsubAck, 0, u16(0xABCD)));
}

TEST_F(Mqtt311Unsubscribe, MQTT_3_10_4_6_several_filters_get_one_unsuback) {
  Client client = join();
  client.subscribe(topic("a"));
  client.subscribe(topic("b"));
  client.subscribe(topic("c"));
  client.send(Unsubscribe(5).filter(topic("a")).filter(topic("never")).filter(topic("b")));
  client.expect_bytes(packet(Type::UnsubAck, 0, u16(5)));
  for (const std::string_view name : {"a", "b", "c"}) client.send(Publish(topic(name), name));
  client.take(topic("c"), "c");
}

}  // namespace
}  // namespace sluice::test

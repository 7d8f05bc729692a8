// SPDX-License-Identifier: Apache-2.0
// Chapters 3.1.2.4 and 4.1: sessions.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Session = Mqtt311Test;

TEST_F(Mqtt311Session, MQTT_3_1_2_4_MQTT_4_1_0_1_session_is_resumed_with_its_subscriptions) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 1);
  client.leave();
  Client again = join(Connect().id(id("c")).clean(false));
  EXPECT_TRUE(again.connack().session_present);
  again.publish(topic("b"), "not subscribed");
  again.send(Publish(topic("a"), "x"));
  again.take(topic("a"), "x");
}

TEST_F(Mqtt311Session, MQTT_3_1_2_5_qos_1_and_2_are_stored_while_the_client_is_away) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 2);
  client.leave();
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  Client again = join(Connect().id(id("c")).clean(false));
  const Packet one = again.take(topic("a"), "one");
  EXPECT_EQ(one.qos(), 1U);
  EXPECT_FALSE(one.dup());
  EXPECT_EQ(again.take(topic("a"), "two").qos(), 2U);
}

TEST_F(Mqtt311Session, MQTT_3_1_2_5_stored_for_a_client_that_vanished) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 1);
  client.vanish();
  join().publish(topic("a"), "x", 1);
  join(Connect().id(id("c")).clean(false)).take(topic("a"), "x");
}

TEST_F(Mqtt311Session, MQTT_3_1_2_6_MQTT_3_1_4_3_clean_session_1_discards_the_previous_session) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 1);
  client.leave();
  join().publish(topic("a"), "queued", 1);
  Client clean = join(Connect().id(id("c")).clean(true));
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  clean.expect_nothing_more(publisher);
  clean.leave();
  EXPECT_FALSE(join(Connect().id(id("c")).clean(false)).connack().session_present);
}

TEST_F(Mqtt311Session, MQTT_3_1_2_6_clean_session_ends_with_its_connection) {
  Client client = join(Connect().id(id("c")).clean(true));
  client.subscribe(topic("a"), 1);
  client.vanish();
  join().publish(topic("a"), "x", 1);
  Client again = join(Connect().id(id("c")).clean(false));
  EXPECT_FALSE(again.connack().session_present);
  again.expect_nothing_more();
}

TEST_F(Mqtt311Session, MQTT_4_1_0_2_session_lasts_as_long_as_its_connection) {
  Client client = join(Connect().id(id("c")).clean(true).keep_alive(0));
  client.subscribe(topic("a"), 1);
  let_keep_alive_pass();
  join().publish(topic("a"), "x", 1);
  client.take(topic("a"), "x");
}

TEST_F(Mqtt311Session, MQTT_3_1_2_4_takeover_keeps_the_session_and_its_unacknowledged_messages) {
  Client first = join(Connect().id(id("c")).clean(false));
  first.subscribe(topic("a"), 1);
  join().publish(topic("a"), "x", 1);
  const Packet message = first.expect_message(topic("a"), "x");
  Client second = join(Connect().id(id("c")).clean(false));
  first.expect_closed();
  EXPECT_TRUE(second.connack().session_present);
  const Packet again = second.take(topic("a"), "x");
  EXPECT_EQ(again.packet_id, message.packet_id);
  EXPECT_TRUE(again.dup());
}

TEST_F(Mqtt311Session, MQTT_4_5_0_1_every_matching_session_gets_the_message) {
  Client online = join();
  online.subscribe(topic("+"), 1);
  Client offline = join(Connect().id(id("off")).clean(false));
  offline.subscribe(topic("a"), 2);
  offline.leave();
  Client other = join();
  other.subscribe(topic("b"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 2);
  online.take(topic("a"), "x");
  EXPECT_EQ(join(Connect().id(id("off")).clean(false)).take(topic("a"), "x").qos(), 2U);
  other.expect_nothing_more(publisher);
}

}  // namespace
}  // namespace sluice::test

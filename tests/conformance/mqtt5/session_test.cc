// SPDX-License-Identifier: Apache-2.0
// Chapters 3.1.2.4, 3.1.2.11.2 and 4.1: clean start, session expiry and session state.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Session : public Mqtt5Test {
 protected:
  bool session_left(std::string_view suffix) { return join(lasting(suffix)).connack().session_present; }
};

TEST_F(Mqtt5Session, MQTT_3_1_2_4_MQTT_3_1_4_4_clean_start_1_discards_the_session) {
  Client client = join(lasting("c"));
  client.subscribe(topic("a"), 1);
  client.leave();
  Client publisher = join();
  publisher.publish(topic("a"), "queued", 1);
  Client again = join(lasting("c").clean(true));
  publisher.publish(topic("a"), "live", 1);
  again.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Session, MQTT_3_1_2_5_MQTT_4_5_0_1_clean_start_0_resumes_subscriptions_and_messages) {
  Client client = join(lasting("c"));
  client.subscribe(topic("a"), 2);
  client.leave();
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  Client again = join(lasting("c"));
  EXPECT_TRUE(again.connack().session_present);
  EXPECT_EQ(again.take(topic("a"), "one").qos(), 1U);
  EXPECT_EQ(again.take(topic("a"), "two").qos(), 2U);
  publisher.publish(topic("a"), "three", 1);
  again.take(topic("a"), "three");
}

TEST_F(Mqtt5Session, MQTT_3_1_2_6_clean_start_0_without_session_creates_one) {
  EXPECT_FALSE(join(lasting("c")).connack().session_present);
  EXPECT_TRUE(session_left("c"));
}

TEST_F(Mqtt5Session, MQTT_3_1_2_23_clean_start_1_with_expiry_keeps_the_new_session) {
  join(lasting("c").clean(true)).leave();
  EXPECT_TRUE(session_left("c"));
}

TEST_F(Mqtt5Session, MQTT_3_1_2_23_MQTT_4_1_0_2_without_expiry_the_session_ends_with_its_connection) {
  join(Connect().id(id("c")).clean(false)).leave();
  EXPECT_FALSE(session_left("c"));
  join(Connect().id(id("d")).clean(false).with(Prop::SessionExpiry, 0)).vanish();
  EXPECT_FALSE(session_left("d"));
}

TEST_F(Mqtt5Session, MQTT_4_1_0_2_session_ends_after_its_expiry_interval) {
  join(Connect().id(id("c")).with(Prop::SessionExpiry, 1)).leave();
  join(Connect().id(id("d")).with(Prop::SessionExpiry, 1)).vanish();
  join(lasting("e")).leave();
  let_keep_alive_pass();
  let_keep_alive_pass();
  EXPECT_FALSE(session_left("c"));
  EXPECT_FALSE(session_left("d"));
  EXPECT_TRUE(session_left("e"));
}

TEST_F(Mqtt5Session, MQTT_3_1_2_23_expiry_interval_of_all_ones_is_answered) {
  Client client = join(Connect().id(id("c")).with(Prop::SessionExpiry, 0xFFFFFFFF));
  // A server may shorten the interval and says so [MQTT5 3.2.2.3.2].
  EXPECT_GT(client.connack().number(Prop::SessionExpiry).value_or(0xFFFFFFFF), 0U);
  client.leave();
  EXPECT_TRUE(session_left("c"));
}

TEST_F(Mqtt5Session, MQTT_4_1_0_1_expiry_does_not_count_while_connected) {
  Client client = join(Connect().id(id("c")).with(Prop::SessionExpiry, 1));
  client.subscribe(topic("a"), 1);
  let_keep_alive_pass();
  join().publish(topic("a"), "x", 1);
  client.take(topic("a"), "x");
  client.vanish();
  EXPECT_TRUE(session_left("c"));
}

TEST_F(Mqtt5Session, MQTT_4_1_0_2_reconnecting_stops_the_expiry) {
  join(Connect().id(id("c")).with(Prop::SessionExpiry, 2)).leave();
  Client client = join(lasting("c"));
  EXPECT_TRUE(client.connack().session_present);
  let_keep_alive_pass();
  let_keep_alive_pass();
  client.leave();
  EXPECT_TRUE(session_left("c"));
}

TEST_F(Mqtt5Session, MQTT_3_1_2_23_disconnect_may_lengthen_and_shorten_the_expiry) {
  join(Connect().id(id("c")).with(Prop::SessionExpiry, 1)).leave(Disconnect().with(Prop::SessionExpiry, 300));
  join(lasting("d")).leave(Disconnect().with(Prop::SessionExpiry, 0));
  let_keep_alive_pass();
  let_keep_alive_pass();
  EXPECT_TRUE(session_left("c"));
  EXPECT_FALSE(session_left("d"));
}

TEST_F(Mqtt5Session, MQTT_4_13_1_1_disconnect_must_not_start_an_expiry) {
  Client client = join(Connect().id(id("c")));
  client.send(Disconnect().with(Prop::SessionExpiry, 300));
  client.expect_refused({0x82});
  EXPECT_FALSE(session_left("c"));
}

TEST_F(Mqtt5Session, MQTT_3_1_4_3_takeover_keeps_subscriptions_and_unacknowledged_messages) {
  Client first = join(lasting("c"));
  first.subscribe(topic("a"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  first.expect_message(topic("a"), "one");
  Client second = join(lasting("c"));
  EXPECT_TRUE(second.take(topic("a"), "one").dup());
  publisher.publish(topic("a"), "two", 1);
  second.take(topic("a"), "two");
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapters 3.1.2.5 and 3.1.3.2: the will, its delay and its properties.
#include <chrono>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Will : public Mqtt5Test {
 protected:
  Will will(unsigned qos = 0, bool retain = false) {
    return {.topic = topic("will"), .payload = "bye", .qos = qos, .retain = retain};
  }
  Will delayed(std::uint32_t seconds) {
    return {.topic = topic("will"), .payload = "bye", .props = Props().with(Prop::WillDelay, seconds)};
  }
  Client join_watcher() {
    Client watcher = join();
    watcher.subscribe(topic("will"), 2 | kRetainAsPublished);
    return watcher;
  }
};

TEST_F(Mqtt5Will, MQTT_3_1_2_7_MQTT_3_1_2_8_published_when_the_connection_is_lost) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will(will())).vanish();
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_after_a_protocol_error) {
  Client watcher = join_watcher();
  Client mortal = join(Connect().id(id("mortal")).will(will()));
  mortal.send(Publish("a/#", "x"));
  mortal.expect_refused({0x81, 0x82, 0x90});
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_when_the_session_is_taken_over) {
  Client watcher = join_watcher();
  Client mortal = join(lasting("mortal").will(will()));
  Client heir = join(lasting("mortal"));
  mortal.expect_refused({0x8E});
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_2_10_MQTT_3_14_4_3_discarded_by_a_normal_disconnect) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will(will())).leave();
  join(lasting("delayed").will(delayed(1))).leave(Disconnect(0).with(Prop::ReasonString, "done"));
  let_keep_alive_pass();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_by_disconnect_with_will) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will(will())).leave(Disconnect(0x04));
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_by_disconnect_with_an_error) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will(will())).leave(Disconnect(0x80));
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_2_10_published_once_and_then_forgotten) {
  Client watcher = join_watcher();
  join(lasting("mortal").will(will())).vanish();
  watcher.take(topic("will"), "bye");
  join(lasting("mortal")).vanish();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt5Will, MQTT_3_1_2_12_every_qos) {
  Client watcher = join_watcher();
  for (const unsigned qos : {0U, 1U, 2U}) {
    join(Connect().id(id("mortal")).will(will(qos))).vanish();
    EXPECT_EQ(watcher.take(topic("will"), "bye").qos(), qos);
  }
}

TEST_F(Mqtt5Will, MQTT_3_1_2_14_will_retain_0_is_not_retained) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will(will(1, false))).vanish();
  EXPECT_FALSE(watcher.take(topic("will"), "bye").retain());
  join_watcher().expect_nothing_more(watcher);
}

TEST_F(Mqtt5Will, MQTT_3_1_2_15_will_retain_1_is_retained) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will(will(1, true))).vanish();
  EXPECT_TRUE(watcher.take(topic("will"), "bye").retain());
  EXPECT_TRUE(join_watcher().take(topic("will"), "bye").retain());
}

TEST_F(Mqtt5Will, MQTT_3_1_3_10_properties_are_forwarded_and_user_properties_keep_their_order) {
  Client watcher = join_watcher();
  const Props props = Props()
                          .user("b", "1")
                          .with(Prop::PayloadFormat, 1)
                          .with(Prop::ContentType, "text/plain")
                          .user("a", "2")
                          .with(Prop::ResponseTopic, "answers")
                          .with(Prop::CorrelationData, "key")
                          .with(Prop::MessageExpiry, 100)
                          .user("b", "0");
  join(Connect().id(id("mortal")).will({.topic = topic("will"), .payload = "bye", .props = props})).vanish();
  const Packet message = watcher.take(topic("will"), "bye");
  EXPECT_EQ(message.user_properties(), (std::vector<std::pair<Bytes, Bytes>>{{"b", "1"}, {"a", "2"}, {"b", "0"}}));
  EXPECT_EQ(message.number(Prop::PayloadFormat), 1U);
  EXPECT_EQ(message.text(Prop::ContentType), "text/plain");
  EXPECT_EQ(message.text(Prop::ResponseTopic), "answers");
  EXPECT_EQ(message.text(Prop::CorrelationData), "key");
  EXPECT_LE(message.number(Prop::MessageExpiry).value_or(0xFFFF), 100U);
  EXPECT_FALSE(message.has(Prop::WillDelay));
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_when_the_delay_has_passed) {
  Client watcher = join_watcher();
  Client mortal = join(lasting("mortal").will(delayed(2)));
  const auto start = std::chrono::steady_clock::now();
  mortal.vanish();
  watcher.take(topic("will"), "bye");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1900));
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_when_the_session_ends_before_the_delay) {
  Client watcher = join_watcher();
  join(Connect().id(id("no-session")).will(delayed(600))).vanish();
  watcher.take(topic("will"), "bye");
  join(Connect().id(id("one-second")).with(Prop::SessionExpiry, 1).will(delayed(600))).vanish();
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_2_8_published_when_clean_start_ends_the_session_before_the_delay) {
  Client watcher = join_watcher();
  join(lasting("mortal").will(delayed(600))).vanish();
  Client heir = join(lasting("mortal").clean(true));
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt5Will, MQTT_3_1_3_9_not_published_when_the_client_is_back_before_the_delay) {
  Client watcher = join_watcher();
  join(lasting("mortal").will(delayed(1))).vanish();
  Client back = join(lasting("mortal"));
  let_keep_alive_pass();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt5Will, MQTT_3_1_3_9_not_published_when_a_takeover_comes_before_the_delay) {
  Client watcher = join_watcher();
  Client mortal = join(lasting("mortal").will(delayed(1)));
  Client heir = join(lasting("mortal"));
  mortal.expect_refused({0x8E});
  let_keep_alive_pass();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt5Will, MQTT_3_1_3_11_wildcard_or_nothing_as_will_topic_is_refused) {
  expect_bad_connect({"wildcard", Connect().id(id("c")).will({.topic = "a/#", .payload = "x"}).bytes(5)},
                     {0x81, 0x82, 0x90});
  expect_bad_connect({"empty", Connect().id(id("c")).will({.topic = "", .payload = "x"}).bytes(5)}, {0x81, 0x82, 0x90});
}

TEST_F(Mqtt5Will, MQTT_3_1_2_7_not_stored_when_the_connect_is_refused) {
  Client watcher = join_watcher();
  Client refused = dial();
  refused.send(Connect().id(id("c")).with(Prop::AuthMethod, "unknown").will(will()));
  EXPECT_GE(refused.expect(Type::ConnAck).reason, 0x80U);
  refused.expect_closed();
  watcher.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test

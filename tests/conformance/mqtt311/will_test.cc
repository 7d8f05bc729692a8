// SPDX-License-Identifier: Apache-2.0
// Chapter 3.1.2.5 to 3.1.2.7: the will.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

class Mqtt311Will : public Mqtt311Test {
 protected:
  Client join_with_will(unsigned qos = 0, bool retain = false) {
    return join(
        Connect().id(id("mortal")).will({.topic = topic("will"), .payload = "bye", .qos = qos, .retain = retain}));
  }
  Client join_watcher() {
    Client watcher = join();
    watcher.subscribe(topic("will"), 2);
    return watcher;
  }
};

TEST_F(Mqtt311Will, MQTT_3_1_2_8_published_when_the_connection_is_lost) {
  Client watcher = join_watcher();
  join_with_will().vanish();
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt311Will, MQTT_3_1_2_8_published_after_a_protocol_violation) {
  Client watcher = join_watcher();
  Client mortal = join_with_will();
  mortal.send_raw(Bytes("\x00\x00", 2));
  mortal.expect_closed();
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt311Will, MQTT_3_1_2_8_published_when_another_client_takes_the_identifier) {
  Client watcher = join_watcher();
  Client mortal = join_with_will();
  Client heir = join(Connect().id(id("mortal")));
  mortal.expect_closed();
  watcher.take(topic("will"), "bye");
}

TEST_F(Mqtt311Will, MQTT_3_1_2_8_not_stored_when_the_connect_is_refused) {
  Client watcher = join_watcher();
  Client refused = dial();
  refused.send(Connect().id("").clean(false).will({.topic = topic("will"), .payload = "bye"}));
  EXPECT_EQ(refused.expect(Type::ConnAck).reason, 2U);
  refused.expect_closed();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt311Will, MQTT_3_1_2_10_MQTT_3_14_4_3_discarded_by_disconnect) {
  Client watcher = join_watcher();
  join_with_will().leave();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt311Will, MQTT_3_1_2_10_published_once_and_then_forgotten) {
  Client watcher = join_watcher();
  join_with_will().vanish();
  watcher.take(topic("will"), "bye");
  join(Connect().id(id("mortal"))).vanish();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt311Will, MQTT_3_1_2_12_no_will_flag_no_will) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal"))).vanish();
  watcher.expect_nothing_more();
}

TEST_F(Mqtt311Will, MQTT_3_1_2_14_every_qos) {
  Client watcher = join_watcher();
  for (const unsigned qos : {0U, 1U, 2U}) {
    join_with_will(qos).vanish();
    EXPECT_EQ(watcher.take(topic("will"), "bye").qos(), qos);
  }
}

TEST_F(Mqtt311Will, MQTT_3_1_2_16_will_retain_0_is_not_retained) {
  Client watcher = join_watcher();
  join_with_will(1, false).vanish();
  EXPECT_FALSE(watcher.take(topic("will"), "bye").retain());
  Client late = join_watcher();
  late.expect_nothing_more();
}

TEST_F(Mqtt311Will, MQTT_3_1_2_17_will_retain_1_is_retained) {
  Client watcher = join_watcher();
  join_with_will(1, true).vanish();
  EXPECT_FALSE(watcher.take(topic("will"), "bye").retain());
  Client late = join_watcher();
  EXPECT_TRUE(late.take(topic("will"), "bye").retain());
}

TEST_F(Mqtt311Will, MQTT_3_1_2_8_empty_payload_is_a_will_too) {
  Client watcher = join_watcher();
  join(Connect().id(id("mortal")).will({.topic = topic("will"), .payload = ""})).vanish();
  watcher.take(topic("will"), "");
}

TEST_F(Mqtt311Will, MQTT_3_1_2_8_wildcard_in_the_will_topic_is_refused) {
  Client client = dial();
  client.send(Connect().id(id("c")).will({.topic = "a/#", .payload = "x"}));
  client.expect_closed();
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapter 3.2: CONNACK.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311ConnAck = Mqtt311Test;

TEST_F(Mqtt311ConnAck, MQTT_3_2_0_1_connack_comes_before_queued_messages) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 1);
  client.leave();
  join().publish(topic("a"), "queued", 1);
  Client again = dial();
  again.send(Connect().id(id("c")).clean(false));
  again.expect_bytes(Bytes("\x20\x02\x01\x00", 4));
  again.take(topic("a"), "queued");
}

TEST_F(Mqtt311ConnAck, MQTT_3_2_2_1_clean_session_1_never_has_a_session_present) {
  Client client = join(Connect().id(id("c")).clean(false));
  EXPECT_FALSE(client.connack().session_present);
  client.leave();
  EXPECT_FALSE(join(Connect().id(id("c")).clean(true)).connack().session_present);
}

TEST_F(Mqtt311ConnAck, MQTT_3_2_2_2_stored_session_is_present) {
  join(Connect().id(id("c")).clean(false)).leave();
  EXPECT_TRUE(join(Connect().id(id("c")).clean(false)).connack().session_present);
}

TEST_F(Mqtt311ConnAck, MQTT_3_2_2_2_session_of_a_lost_connection_is_present) {
  join(Connect().id(id("c")).clean(false)).vanish();
  EXPECT_TRUE(join(Connect().id(id("c")).clean(false)).connack().session_present);
}

TEST_F(Mqtt311ConnAck, MQTT_3_2_2_2_session_taken_over_is_present) {
  Client first = join(Connect().id(id("c")).clean(false));
  EXPECT_TRUE(join(Connect().id(id("c")).clean(false)).connack().session_present);
  first.expect_closed();
}

TEST_F(Mqtt311ConnAck, MQTT_3_2_2_3_without_a_stored_session_it_is_not_present) {
  EXPECT_FALSE(join(Connect().id(id("c")).clean(false)).connack().session_present);
  join(Connect().id(id("d")).clean(true)).leave();
  EXPECT_FALSE(join(Connect().id(id("d")).clean(false)).connack().session_present);
}

TEST_F(Mqtt311ConnAck, MQTT_3_2_2_4_MQTT_3_2_2_5_refusal_has_no_session_present_and_closes) {
  Client client = dial();
  client.send(Connect().id("").clean(false));
  const Packet connack = client.expect(Type::ConnAck);
  EXPECT_NE(connack.reason, 0U);
  EXPECT_FALSE(connack.session_present);
  client.expect_closed();
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapter 3.2: CONNACK and what it tells.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5ConnAck = Mqtt5Test;

TEST_F(Mqtt5ConnAck, MQTT_3_2_0_1_connack_comes_before_queued_messages) {
  Client client = join(lasting("c"));
  client.subscribe(topic("a"), 1);
  client.leave();
  join().publish(topic("a"), "queued", 1);
  Client again = dial();
  again.open(lasting("c"));
  again.take(topic("a"), "queued");
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_0_2_MQTT_3_1_4_5_one_connack_with_success) {
  Client client = dial();
  client.send(Connect().id(id("c")));
  const Packet connack = client.expect(Type::ConnAck);
  EXPECT_EQ(connack.reason, 0U);
  client.expect_nothing_more();
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_1_MQTT_3_2_2_2_clean_start_1_never_has_a_session_present) {
  join(lasting("c")).leave();
  Client client = join(lasting("c").clean(true));
  EXPECT_EQ(client.connack().raw.substr(client.connack().raw[1] < 0 ? 3 : 2, 2), Bytes(2, '\0'));
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_1_MQTT_3_2_2_3_session_is_present_when_there_is_one) {
  EXPECT_FALSE(join(lasting("c")).connack().session_present);
  Client client = join(lasting("c"));
  EXPECT_TRUE(client.connack().session_present);
  client.vanish();
  EXPECT_TRUE(join(lasting("c")).connack().session_present);
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_6_MQTT_3_2_2_7_refusal_has_no_session_present_and_closes) {
  join(lasting("c")).leave();
  Client client = dial();
  client.send(lasting("c").with(Prop::AuthMethod, "unknown"));
  const Packet connack = client.expect(Type::ConnAck);
  EXPECT_EQ(connack.reason, 0x8CU);
  EXPECT_FALSE(connack.session_present);
  client.expect_closed();
  EXPECT_TRUE(join(lasting("c")).connack().session_present);
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_9_MQTT_3_2_2_10_every_qos_is_supported) {
  Client client = join();
  EXPECT_EQ(client.connack().number(Prop::MaximumQos).value_or(2), 2U);
  for (const unsigned qos : {0U, 1U, 2U}) EXPECT_EQ(client.subscribe(topic("a"), qos), qos);
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_12_MQTT_3_2_2_13_will_of_any_qos_and_retained_is_accepted) {
  Client client = join(Connect().id(id("c")).will({.topic = topic("w"), .payload = "x", .qos = 2, .retain = true}));
  EXPECT_EQ(client.connack().number(Prop::RetainAvailable).value_or(1), 1U);
  client.ping();
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_8_features_are_announced_as_available) {
  const Packet connack = join().connack();
  EXPECT_EQ(connack.number(Prop::WildcardAvailable).value_or(1), 1U);
  EXPECT_EQ(connack.number(Prop::SubscriptionIdAvailable).value_or(1), 1U);
  EXPECT_EQ(connack.number(Prop::SharedAvailable).value_or(1), 1U);
}

TEST_F(Mqtt5ConnAck, MQTT_3_1_2_28_no_response_information_unless_asked_for) {
  start_own_broker({"mqtt.response_information=answers/here"});
  if (IsSkipped()) return;
  EXPECT_FALSE(join().connack().has(Prop::ResponseInfo));
  EXPECT_FALSE(join(Connect().id(id("no")).with(Prop::RequestResponse, 0)).connack().has(Prop::ResponseInfo));
  const Client asking = join(Connect().id(id("yes")).with(Prop::RequestResponse, 1));
  EXPECT_EQ(asking.connack().text(Prop::ResponseInfo), "answers/here");
}

TEST_F(Mqtt5ConnAck, MQTT_3_1_2_29_no_problem_information_unless_wanted) {
  Client client = join(Connect().id(id("c")).with(Prop::RequestProblem, 0));
  client.send(Subscribe(1).filter("bad/#/filter").filter("$share//a"));
  const Packet suback = client.next();
  EXPECT_EQ(suback.type, Type::SubAck);
  EXPECT_TRUE(suback.properties.empty()) << suback.describe();
  client.send(Unsubscribe(2).filter(topic("never")));
  EXPECT_TRUE(client.expect_ack(Type::UnsubAck, 2).properties.empty());
  client.send(Publish(topic("a"), "\xFF").qos(1, 3).with(Prop::PayloadFormat, 1));
  EXPECT_TRUE(client.expect(Type::PubAck).properties.empty());
  client.send(Publish(topic("a"), "\xFF").qos(2, 4).with(Prop::PayloadFormat, 1));
  EXPECT_TRUE(client.expect(Type::PubRec).properties.empty());
}

TEST_F(Mqtt5ConnAck, MQTT_3_2_2_19_MQTT_3_2_2_20_reason_string_does_not_exceed_the_clients_maximum) {
  Client client = dial();
  client.send(Connect().id(id("c")).with(Prop::AuthMethod, "unknown").with(Prop::MaximumPacketSize, 8));
  const Packet connack = client.expect(Type::ConnAck);
  EXPECT_EQ(connack.reason, 0x8CU);
  EXPECT_LE(connack.raw.size(), 8U);
  client.expect_closed();
}

}  // namespace
}  // namespace sluice::test

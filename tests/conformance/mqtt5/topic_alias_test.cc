// SPDX-License-Identifier: Apache-2.0
// Chapter 3.3.2.3.4: topic aliases, both ways.
#include <map>
#include <string>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5TopicAlias : public Mqtt5Test {
 protected:
  Publish aliased(std::string_view topic_name, unsigned alias) {
    return Publish(topic_name, "x").with(Prop::TopicAlias, alias);
  }
};

TEST_F(Mqtt5TopicAlias, MQTT_3_3_2_12_every_alias_up_to_the_announced_maximum_is_accepted) {
  Client client = join();
  const unsigned maximum = client.connack().number(Prop::TopicAliasMaximum).value_or(0);
  ASSERT_GT(maximum, 0U);
  client.subscribe(topic("#"));
  for (unsigned alias = 1; alias <= maximum; ++alias) {
    client.send(aliased(topic(std::to_string(alias)), alias));
    EXPECT_FALSE(client.take(topic(std::to_string(alias)), "x").has(Prop::TopicAlias));
  }
  for (unsigned alias = 1; alias <= maximum; ++alias) {
    client.send(aliased("", alias));
    client.take(topic(std::to_string(alias)), "x");
  }
}

TEST_F(Mqtt5TopicAlias, MQTT_3_3_2_12_alias_may_be_given_to_another_topic) {
  Client client = join();
  client.subscribe(topic("#"));
  for (const std::string_view name : {"a", "b", "a"}) {
    client.send(aliased(topic(name), 1));
    client.take(topic(name), "x");
    client.send(aliased("", 1));
    client.take(topic(name), "x");
  }
}

TEST_F(Mqtt5TopicAlias, MQTT_3_2_2_17_MQTT_3_3_2_8_MQTT_3_3_2_9_zero_or_too_high_alias_gets_0x94) {
  const unsigned maximum = join().connack().number(Prop::TopicAliasMaximum).value_or(0);
  for (const unsigned alias : {0U, maximum + 1, 0xFFFFU}) {
    expect_violation({"alias " + std::to_string(alias), aliased(topic("a"), alias).bytes(5)}, {0x94});
  }
}

TEST_F(Mqtt5TopicAlias, MQTT_4_13_1_1_alias_that_was_never_set_is_refused) {
  expect_violation({"no topic yet", aliased("", 1).bytes(5)}, {0x82, 0x94});
}

TEST_F(Mqtt5TopicAlias, MQTT_3_2_2_18_without_announced_maximum_no_alias_is_accepted) {
  start_own_broker({"mqtt.max_topic_alias=0"});
  if (IsSkipped()) return;
  EXPECT_EQ(join().connack().number(Prop::TopicAliasMaximum).value_or(0), 0U);
  expect_violation({"alias 1", aliased(topic("a"), 1).bytes(5)}, {0x94});
}

TEST_F(Mqtt5TopicAlias, MQTT_3_3_2_7_client_aliases_end_with_the_connection) {
  Client client = join(lasting("c"));
  client.send(aliased(topic("a"), 1));
  client.ping();
  client.vanish();
  Client again = join(lasting("c"));
  again.send(aliased("", 1));
  again.expect_refused({0x82, 0x94});
}

TEST_F(Mqtt5TopicAlias, MQTT_3_1_2_27_without_maximum_the_server_sends_no_alias) {
  Client client = join();
  Client zero = join(Connect().id(id("zero")).with(Prop::TopicAliasMaximum, 0));
  client.subscribe(topic("a"));
  zero.subscribe(topic("a"));
  Client publisher = join();
  for (int i = 0; i < 5; ++i) {
    publisher.publish(topic("a"), "x");
    EXPECT_FALSE(client.take(topic("a"), "x").has(Prop::TopicAlias));
    EXPECT_FALSE(zero.take(topic("a"), "x").has(Prop::TopicAlias));
  }
}

TEST_F(Mqtt5TopicAlias, MQTT_3_1_2_26_MQTT_3_3_2_8_MQTT_3_3_2_11_server_aliases_stay_within_the_maximum) {
  Client client = join(Connect().id(id("c")).with(Prop::TopicAliasMaximum, 2));
  client.subscribe(topic("#"));
  Client publisher = join();
  std::map<unsigned, Bytes> known;
  for (unsigned i = 0; i < 12; ++i) {
    const Bytes name = topic(std::to_string(i % 4));
    publisher.publish(name, std::to_string(i));
    const Packet message = client.expect(Type::Publish);
    EXPECT_EQ(message.payload, std::to_string(i));
    const unsigned alias = message.number(Prop::TopicAlias).value_or(0);
    EXPECT_LE(alias, 2U);
    EXPECT_EQ(message.has(Prop::TopicAlias), alias > 0);
    if (alias != 0 && !message.topic.empty()) known[alias] = message.topic;
    EXPECT_EQ(message.topic.empty() ? known[alias] : message.topic, name);
  }
}

TEST_F(Mqtt5TopicAlias, MQTT_3_3_2_7_server_aliases_end_with_the_connection) {
  Client publisher = join();
  for (int i = 0; i < 2; ++i) {
    Client client = join(lasting("c").with(Prop::TopicAliasMaximum, 5));
    if (i == 0) client.subscribe(topic("a"), 0);
    publisher.publish(topic("a"), "x");
    client.expect_message(topic("a"), "x");
    client.vanish();
  }
}

TEST_F(Mqtt5TopicAlias, MQTT_3_3_2_7_redelivered_messages_carry_their_topic) {
  Client client = join(lasting("c").with(Prop::TopicAliasMaximum, 5));
  client.subscribe(topic("a"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 1);
  client.expect(Type::Publish);
  client.expect(Type::Publish);
  client.vanish();
  Client again = join(lasting("c"));
  again.take(topic("a"), "one");
  again.take(topic("a"), "two");
}

}  // namespace
}  // namespace sluice::test

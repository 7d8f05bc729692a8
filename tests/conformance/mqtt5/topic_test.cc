// SPDX-License-Identifier: Apache-2.0
// Chapter 4.7: topic names and topic filters.
#include <vector>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Topic : public Mqtt5Test {
 protected:
  /// Publishes to every topic; returns those that a subscriber with this filter got. Both are below the test's prefix.
  std::vector<std::string> matches(std::string_view filter, const std::vector<std::string>& names) {
    Client subscriber = join();
    subscriber.subscribe(topic(filter));
    subscriber.subscribe(topic("end of test"));
    Client publisher = join();
    for (const std::string& name : names) publisher.send(Publish(topic(name), name));
    publisher.send(Publish(topic("end of test"), "end"));
    std::vector<std::string> got;
    while (true) {
      Packet message = subscriber.take();
      if (message.topic == topic("end of test")) return got;
      EXPECT_EQ(message.topic, topic(message.payload));
      got.push_back(message.payload);
    }
  }
};

using Names = std::vector<std::string>;

TEST_F(Mqtt5Topic, MQTT_4_7_1_1_multi_level_wildcard) {
  const Names names = {"sport", "sport/tennis", "sport/tennis/player1", "sports", "sport/", "spor"};
  EXPECT_EQ(matches("sport/#", names), (Names{"sport", "sport/tennis", "sport/tennis/player1", "sport/"}));
}

TEST_F(Mqtt5Topic, MQTT_4_7_1_2_single_level_wildcard) {
  const Names names = {"a", "a/", "a/b", "a/b/c", "/b", "b/b", "a/c/c", "a//c"};
  EXPECT_EQ(matches("a/+", names), (Names{"a/", "a/b"}));
  EXPECT_EQ(matches("+/b", names), (Names{"a/b", "/b", "b/b"}));
  EXPECT_EQ(matches("a/+/c", names), (Names{"a/b/c", "a/c/c", "a//c"}));
  EXPECT_EQ(matches("+", names), (Names{"a"}));
  EXPECT_EQ(matches("+/+", names), (Names{"a/", "a/b", "/b", "b/b"}));
  EXPECT_EQ(matches("+/b/#", names), (Names{"a/b", "a/b/c", "/b", "b/b"}));
}

TEST_F(Mqtt5Topic, MQTT_4_7_3_4_case_spaces_and_slashes_count) {
  const Names names = {"Accounts", "ACCOUNTS", "accounts", "accounts/", "/accounts", "a b", "a  b", "a/./b", "a/../b"};
  EXPECT_EQ(matches("accounts", names), (Names{"accounts"}));
  EXPECT_EQ(matches("/accounts", names), (Names{"/accounts"}));
  EXPECT_EQ(matches("a b", names), (Names{"a b"}));
  EXPECT_EQ(matches("a/./b", names), (Names{"a/./b"}));
}

TEST_F(Mqtt5Topic, MQTT_4_7_3_4_composed_and_decomposed_characters_differ) {
  const Names names = {"\xC3\xBC", "u\xCC\x88"};
  EXPECT_EQ(matches("\xC3\xBC", names), (Names{"\xC3\xBC"}));
}

TEST_F(Mqtt5Topic, MQTT_4_7_2_1_leading_wildcard_does_not_match_dollar_topics) {
  start_own_broker();
  Client client = join();
  client.subscribe("#");
  client.subscribe("+/" + topic("x"));
  client.publish("$test/" + topic("x"), "hidden", 1);
  client.publish(topic("open"), "seen");
  client.take(topic("open"), "seen");
  client.unsubscribe("#");
  client.subscribe("$test/#");
  client.send(Publish("$test/" + topic("x"), "named"));
  client.take("$test/" + topic("x"), "named");
}

TEST_F(Mqtt5Topic, MQTT_4_7_2_1_leading_wildcard_does_not_match_retained_dollar_topics) {
  Client client = join();
  client.publish("$test/" + topic("x"), "hidden", 1, true);
  client.subscribe("+/" + topic("x"), 1);
  client.expect_nothing_more();
  client.publish("$test/" + topic("x"), "", 1, true);
}

TEST_F(Mqtt5Topic, MQTT_4_7_3_1_one_character_is_enough) {
  Client client = join();
  client.subscribe("/");
  client.send(Publish("/", "x"));
  client.take("/", "x");
}

TEST_F(Mqtt5Topic, MQTT_4_7_3_3_topic_of_65535_bytes) {
  start_own_broker({"mqtt.max_packet_size=256KB"});
  if (IsSkipped()) return;
  const std::string longest(65535, 'x');
  Client client = join();
  client.subscribe(longest);
  client.send(Publish(longest, "x"));
  client.take(longest, "x");
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapters 3.8.2.1.2 and 3.3.2.3.8: subscription identifiers.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Ids = std::vector<std::uint32_t>;

class Mqtt5SubscriptionId : public Mqtt5Test {
 protected:
  static void subscribe(Client& client, std::string_view filter, std::uint32_t id, unsigned options = 1) {
    const unsigned packet_id = client.fresh_id();
    client.send(Subscribe(packet_id).with(Prop::SubscriptionId, id).filter(filter, options));
    client.expect_ack(Type::SubAck, packet_id);
  }
};

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_3_every_size_of_identifier_comes_back) {
  Client client = join();
  for (const std::uint32_t id : {1U, 127U, 128U, 16384U, 2097152U, 268435455U}) {
    subscribe(client, topic("a"), id);
    client.send(Publish(topic("a"), "x"));
    EXPECT_EQ(client.take(topic("a"), "x").subscription_ids(), Ids{id});
  }
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_3_no_identifier_no_property) {
  Client client = join();
  client.subscribe(topic("a"), 1);
  client.send(Publish(topic("a"), "x"));
  EXPECT_EQ(client.take(topic("a"), "x").subscription_ids(), Ids());
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_3_MQTT_3_3_4_4_MQTT_3_3_4_5_overlapping_subscriptions_name_themselves_all) {
  Client client = join();
  subscribe(client, topic("a"), 300);
  subscribe(client, topic("+"), 2);
  subscribe(client, topic("#"), 1);
  client.subscribe(topic("a/#"), 1);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  // One copy with all identifiers, or one copy for each subscription: ours sends one.
  EXPECT_EQ(client.take(topic("a"), "x").subscription_ids(), (Ids{1, 2, 300}));
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_4_subscriptions_may_share_an_identifier) {
  Client client = join();
  subscribe(client, topic("a"), 7);
  subscribe(client, topic("b"), 7);
  for (const std::string_view name : {"a", "b"}) {
    client.send(Publish(topic(name), "x"));
    EXPECT_EQ(client.take(topic(name), "x").subscription_ids(), Ids{7});
  }
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_8_4_3_replacing_replaces_the_identifier) {
  Client client = join();
  subscribe(client, topic("a"), 7);
  subscribe(client, topic("a"), 8);
  client.send(Publish(topic("a"), "x"));
  EXPECT_EQ(client.take(topic("a"), "x").subscription_ids(), Ids{8});
  client.subscribe(topic("a"), 0);
  client.send(Publish(topic("a"), "y"));
  EXPECT_EQ(client.take(topic("a"), "y").subscription_ids(), Ids());
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_3_retained_messages_carry_it) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  subscribe(client, topic("a"), 9);
  EXPECT_EQ(client.take(topic("a"), "kept").subscription_ids(), Ids{9});
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_3_queued_and_redelivered_messages_carry_it) {
  Client client = join(lasting("c"));
  subscribe(client, topic("a"), 9);
  client.leave();
  join().publish(topic("a"), "queued", 1);
  Client again = join(lasting("c"));
  EXPECT_EQ(again.expect_message(topic("a"), "queued").subscription_ids(), Ids{9});
  again.vanish();
  EXPECT_EQ(join(lasting("c")).take(topic("a"), "queued").subscription_ids(), Ids{9});
}

TEST_F(Mqtt5SubscriptionId, MQTT_3_3_4_3_shared_subscriptions_have_identifiers_too) {
  Client client = join();
  subscribe(client, "$share/g/" + topic("a"), 11);
  Client publisher = join();
  publisher.publish(topic("a"), "x", 1);
  EXPECT_EQ(client.take(topic("a"), "x").subscription_ids(), Ids{11});
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1 (IBM, 2010), where it differs from 3.1.1. Test names carry the chapter of that specification.
#include "tests/support/broker_fixture.h"

namespace sluice::test {
namespace {

class Mqtt31 : public BrokerTest {
 protected:
  Mqtt31() : BrokerTest(3) {}
  void expect_code(const Connect& connect, unsigned code) {
    Client client = dial();
    client.send(connect);
    client.expect_bytes(Bytes("\x20\x02\x00", 3) + u8(code));
    if (code != 0) client.expect_closed();
  }
};

TEST_F(Mqtt31, Chapter_3_1_connect_with_its_own_name_and_level) {
  Client client = dial();
  client.send_raw(packet(Type::Connect, 0, field("MQIsdp") + u8(3) + u8(2) + u16(60) + field(id("c"))));
  client.expect_bytes(Bytes("\x20\x02\x00\x00", 4));
  client.ping();
}

TEST_F(Mqtt31, Chapter_3_1_name_and_level_belong_together) {
  for (const unsigned level : {4U, 5U, 2U}) {
    SCOPED_TRACE(level);
    Client client = dial();
    client.send(Connect().id(id("c")).protocol("MQIsdp", level));
    try {
      EXPECT_EQ(client.next().reason, 1U);
    } catch (const ScriptError&) {
      client.expect_closed();
    }
  }
}

TEST_F(Mqtt31, Chapter_3_1_identifiers_of_1_to_23_characters) {
  expect_code(Connect().id("x"), 0);
  expect_code(Connect().id("12345678901234567890123"), 0);
}

TEST_F(Mqtt31, Chapter_3_1_longer_identifiers_are_taken_up_to_the_configured_length) {
  start_own_broker({"mqtt.max_clientid_len=30"});
  if (IsSkipped()) return;
  expect_code(Connect().id(Bytes(24, 'x')), 0);
  expect_code(Connect().id(Bytes(30, 'x')), 0);
  expect_code(Connect().id(Bytes(31, 'x')), 2);
}

TEST_F(Mqtt31, Chapter_3_1_empty_identifier_gets_code_2) {
  expect_code(Connect().id(""), 2);
  expect_code(Connect().id("").clean(false), 2);
}

TEST_F(Mqtt31, Chapter_3_1_takeover_closes_the_former_connection) {
  Client first = join(Connect().id(id("c")));
  Client second = join(Connect().id(id("c")));
  first.expect_closed();
  second.ping();
}

TEST_F(Mqtt31, Chapter_3_2_connack_has_no_session_present) {
  join(Connect().id(id("c")).clean(false)).leave();
  expect_code(Connect().id(id("c")).clean(false), 0);
}

TEST_F(Mqtt31, Chapter_3_1_session_keeps_subscriptions_and_messages) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 1);
  client.leave();
  join().publish(topic("a"), "queued", 1);
  join(Connect().id(id("c")).clean(false)).take(topic("a"), "queued");
}

TEST_F(Mqtt31, Chapter_3_1_will_is_published) {
  Client watcher = join();
  watcher.subscribe(topic("w"), 1);
  join(Connect().id(id("c")).will({.topic = topic("w"), .payload = "bye", .qos = 1})).vanish();
  watcher.take(topic("w"), "bye");
}

TEST_F(Mqtt31, Chapter_3_3_every_qos_both_ways) {
  Client client = join();
  Client publisher = join();
  for (const unsigned qos : {0U, 1U, 2U}) {
    client.subscribe(topic("a"), qos);
    publisher.publish(topic("a"), "x", qos);
    EXPECT_EQ(client.take(topic("a"), "x").qos(), qos);
  }
}

TEST_F(Mqtt31, Chapter_4_2_unacknowledged_messages_come_again_with_dup) {
  Client client = join(Connect().id(id("c")).clean(false));
  client.subscribe(topic("a"), 2);
  Client publisher = join();
  publisher.publish(topic("a"), "one", 1);
  publisher.publish(topic("a"), "two", 2);
  client.expect_message(topic("a"), "one");
  const unsigned two = client.expect_message(topic("a"), "two").packet_id;
  client.send(Ack(Type::PubRec, two));
  client.expect_ack(Type::PubRel, two);
  client.vanish();
  Client again = join(Connect().id(id("c")).clean(false));
  EXPECT_TRUE(again.take(topic("a"), "one").dup());
  again.expect_ack(Type::PubRel, two);
}

TEST_F(Mqtt31, Chapter_4_2_dup_of_a_publisher_is_taken_once) {
  Client client = join();
  client.subscribe(topic("a"), 2);
  Client publisher = join();
  for (const bool dup : {false, true}) {
    publisher.send(Publish(topic("a"), "x").qos(2, 5).dup(dup));
    publisher.expect_ack(Type::PubRec, 5);
  }
  publisher.send(Ack(Type::PubRel, 5));
  publisher.expect_ack(Type::PubComp, 5);
  client.take(topic("a"), "x");
  client.expect_nothing_more(publisher);
}

TEST_F(Mqtt31, Chapter_3_3_retained_messages_are_sent_to_new_subscribers) {
  Client client = join();
  client.publish(topic("a"), "kept", 1, true);
  client.subscribe(topic("a"), 1);
  EXPECT_TRUE(client.take(topic("a"), "kept").retain());
}

TEST_F(Mqtt31, Chapter_2_1_dup_of_subscribe_unsubscribe_and_pubrel_is_allowed) {
  // 3.1 lets a client repeat SUBSCRIBE, UNSUBSCRIBE and PUBREL with DUP; 3.1.1 made the flag reserved.
  Client client = join();
  client.send_raw(packet(Type::Subscribe, 2 | 8, u16(5) + field(topic("a")) + u8(1)));
  client.expect_ack(Type::SubAck, 5);
  client.send_raw(packet(Type::PubRel, 2 | 8, u16(6)));
  client.expect_ack(Type::PubComp, 6);
  client.send_raw(packet(Type::Unsubscribe, 2 | 8, u16(7) + field(topic("a"))));
  client.expect_ack(Type::UnsubAck, 7);
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapter 3.1: CONNECT, the client identifier and the keep alive.
#include <chrono>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5Connect = Mqtt5Test;

TEST_F(Mqtt5Connect, MQTT_3_1_0_1_first_packet_must_be_connect) {
  for (const Bytes& first : {Publish(topic("a"), "x").bytes(5), Subscribe(1).filter("a").bytes(5),
                             packet(Type::PingReq, 0, ""), Disconnect().bytes(5), Auth(0x18).bytes(5)}) {
    SCOPED_TRACE(hex(first));
    Client client = dial();
    client.send_raw(first);
    client.expect_closed();
  }
}

TEST_F(Mqtt5Connect, MQTT_3_1_0_2_second_connect_is_a_protocol_error) {
  Client client = join(Connect().id(id("c")));
  client.send(Connect().id(id("c")));
  client.expect_refused({0x82});
}

TEST_F(Mqtt5Connect, MQTT_3_1_2_1_wrong_protocol_name) {
  for (const std::string_view name : {"", "mqtt", "MQTTX", "MQT", "XXXX"}) {
    SCOPED_TRACE(name);
    Client client = dial();
    client.send(Connect().id(id("c")).protocol(name, 5));
    client.expect_connect_refused({0x84, 0x81, 0x82});
  }
}

TEST_F(Mqtt5Connect, MQTT_3_1_2_2_unknown_protocol_version_is_closed) {
  for (const unsigned level : {0U, 2U, 6U, 127U, 255U}) {
    SCOPED_TRACE(level);
    Client client = dial(4);
    client.send_raw(Connect().id(id("c")).protocol("MQTT", level).bytes(5));
    // Code 1 as MQTT 3.1.1 writes it: nobody knows how a later version reads its CONNACK.
    client.expect_bytes(Bytes("\x20\x02\x00\x01", 4));
    client.expect_closed();
  }
}

TEST_F(Mqtt5Connect, MQTT_3_1_2_20_MQTT_3_1_2_22_ping_keeps_the_connection) {
  Client pinging = join(Connect().id(id("pinging")).keep_alive(2));
  for (int i = 0; i < 3; ++i) {
    let_keep_alive_pass();
    pinging.ping();
  }
}

TEST_F(Mqtt5Connect, MQTT_3_1_2_22_MQTT_3_2_2_22_silent_client_is_closed_with_keep_alive_timeout) {
  Client other = join(Connect().id(id("other")).keep_alive(0));
  other.subscribe(topic("will"));
  Client silent = dial();
  const auto start = std::chrono::steady_clock::now();
  silent.open(Connect().id(id("silent")).keep_alive(1).will({.topic = topic("will"), .payload = "gone"}));
  silent.expect_refused({0x8D});
  const auto lasted = std::chrono::steady_clock::now() - start;
  EXPECT_GE(lasted, std::chrono::milliseconds(1400));
  EXPECT_LE(lasted, std::chrono::milliseconds(4000));
  other.take(topic("will"), "gone");
}

TEST_F(Mqtt5Connect, MQTT_3_1_2_21_MQTT_3_2_2_21_MQTT_3_1_2_22_server_keep_alive_rules) {
  start_own_broker({"mqtt.server_keepalive=1"});
  if (IsSkipped()) return;
  Client longer = join(Connect().id(id("longer")).keep_alive(600));
  Client never = join(Connect().id(id("never")).keep_alive(0));
  EXPECT_EQ(longer.connack().number(Prop::ServerKeepAlive), 1U);
  EXPECT_EQ(never.connack().number(Prop::ServerKeepAlive), 1U);
  longer.expect_refused({0x8D});
  never.expect_refused({0x8D});
}

TEST_F(Mqtt5Connect, MQTT_3_2_2_22_without_server_keep_alive_the_clients_own_holds) {
  EXPECT_FALSE(join().connack().has(Prop::ServerKeepAlive));
}

TEST_F(Mqtt5Connect, MQTT_3_1_3_2_client_identifier_names_the_session) {
  join(lasting("a")).leave();
  EXPECT_FALSE(join(lasting("A")).connack().session_present);
  EXPECT_TRUE(join(lasting("a")).connack().session_present);
}

TEST_F(Mqtt5Connect, MQTT_3_1_3_5_identifiers_of_1_to_23_letters_and_digits) {
  for (const std::string_view name : {"Z", "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ"}) {
    SCOPED_TRACE(name);
    Client client = join(Connect().id(name));
    EXPECT_FALSE(client.connack().has(Prop::AssignedClientId));
  }
}

TEST_F(Mqtt5Connect, MQTT_3_1_3_6_MQTT_3_1_3_7_MQTT_3_2_2_16_empty_identifier_gets_a_unique_one) {
  Client first = join(Connect().id(""));
  Client second = join(Connect().id(""));
  const Bytes first_id = first.connack().text(Prop::AssignedClientId).value_or("");
  const Bytes second_id = second.connack().text(Prop::AssignedClientId).value_or("");
  EXPECT_FALSE(first_id.empty());
  EXPECT_NE(first_id, second_id);
  first.ping();
}

TEST_F(Mqtt5Connect, MQTT_3_1_3_7_assigned_identifier_names_the_session) {
  Client first = join(Connect().id("").clean(false).with(Prop::SessionExpiry, 300));
  const Bytes assigned = first.connack().text(Prop::AssignedClientId).value_or("");
  first.leave();
  Client again = join(Connect().id(assigned).clean(false).with(Prop::SessionExpiry, 300));
  EXPECT_TRUE(again.connack().session_present);
  EXPECT_FALSE(again.connack().has(Prop::AssignedClientId));
}

TEST_F(Mqtt5Connect, MQTT_3_1_3_6_assigned_identifier_keeps_to_max_clientid_len) {
  start_own_broker({"mqtt.max_clientid_len=23"});
  if (IsSkipped()) return;
  Client first = join(Connect().id("").clean(false).with(Prop::SessionExpiry, 300));
  const Bytes assigned = first.connack().text(Prop::AssignedClientId).value_or("");
  EXPECT_EQ(assigned.size(), 23U);
  first.leave();
  EXPECT_TRUE(join(Connect().id(assigned).clean(false)).connack().session_present);
}

TEST_F(Mqtt5Connect, MQTT_3_1_3_8_rejected_identifier_gets_0x85) {
  start_own_broker({"mqtt.max_clientid_len=23"});
  if (IsSkipped()) return;
  Client client = dial();
  client.send(Connect().id("123456789012345678901234"));
  EXPECT_EQ(client.expect(Type::ConnAck).reason, 0x85U);
  client.expect_closed();
}

TEST_F(Mqtt5Connect, MQTT_3_1_4_1_MQTT_3_1_3_1_MQTT_3_1_3_3_connect_that_ends_too_early) {
  const Will will{.topic = "w", .payload = "x", .props = Props().user("n", "v")};
  const Bytes whole = Connect().id("c").with(Prop::ReceiveMaximum, 9).will(will).user("u").password("p").bytes(5);
  const Bytes body = whole.substr(2);
  for (std::size_t size = 0; size < body.size(); ++size) {
    expect_bad_connect({"body of " + std::to_string(size), packet(Type::Connect, 0, body.substr(0, size))}, {0x81});
  }
}

TEST_F(Mqtt5Connect, MQTT_3_1_4_1_bytes_behind_the_payload) {
  const Bytes body = Connect().id("c").bytes(5).substr(2);
  expect_bad_connect({"one byte more", packet(Type::Connect, 0, body + "x")}, {0x81});
}

TEST_F(Mqtt5Connect, MQTT_3_1_4_2_MQTT_3_2_2_7_MQTT_3_2_2_8_refused_credentials) {
  start_own_broker({"mqtt.allow_anonymous=false"});
  if (IsSkipped()) return;
  Client client = dial();
  client.send(Connect().id(id("c")).user("nobody").password("wrong"));
  const Packet connack = client.expect(Type::ConnAck);
  EXPECT_TRUE(connack.reason == 0x86 || connack.reason == 0x87) << connack.describe();
  EXPECT_FALSE(connack.session_present);
  client.expect_closed();
}

TEST_F(Mqtt5Connect, MQTT_3_1_4_3_same_identifier_takes_the_session_over) {
  Client first = join(Connect().id(id("c")));
  Client second = join(Connect().id(id("c")));
  first.expect_refused({0x8E});
  second.ping();
}

TEST_F(Mqtt5Connect, MQTT_3_1_4_3_many_takeovers_in_a_row_leave_the_last) {
  Client last = join(lasting("c"));
  for (int i = 0; i < 20; ++i) {
    Client next = join(lasting("c"));
    EXPECT_TRUE(next.connack().session_present);
    last.expect_refused({0x8E});
    last = std::move(next);
  }
  last.ping();
}

TEST_F(Mqtt5Connect, MQTT_3_1_4_6_nothing_after_a_rejected_connect_is_processed) {
  Client rejected = dial();
  rejected.send_raw(Connect().id(id("c")).with(Prop::AuthMethod, "unknown").bytes(5) +
                    Publish(topic("a"), "kept").retain().bytes(5));
  EXPECT_GE(rejected.expect(Type::ConnAck).reason, 0x80U);
  rejected.expect_closed();
  Client client = join();
  client.subscribe(topic("a"));
  client.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test

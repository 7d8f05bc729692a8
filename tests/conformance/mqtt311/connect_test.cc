// SPDX-License-Identifier: Apache-2.0
// Chapter 3.1: CONNECT, its identifier and its answer.
#include <chrono>

#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Connect = Mqtt311Test;

TEST_F(Mqtt311Connect, MQTT_3_1_0_1_first_packet_must_be_connect) {
  expect_bad_connect({"PUBLISH", Publish(topic("a"), "x").bytes(4)});
  expect_bad_connect({"SUBSCRIBE", Subscribe(1).filter("a").bytes(4)});
  expect_bad_connect({"PINGREQ", packet(Type::PingReq, 0, "")});
  expect_bad_connect({"DISCONNECT", Disconnect().bytes(4)});
  expect_bad_connect({"something else", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"});
}

TEST_F(Mqtt311Connect, MQTT_3_1_0_2_second_connect_closes) {
  Client client = join(Connect().id(id("c")));
  client.send(Connect().id(id("c")));
  client.expect_closed();
}

TEST_F(Mqtt311Connect, MQTT_3_1_2_1_wrong_protocol_name_closes) {
  for (const std::string_view name : {"", "mqtt", "MQTTX", "MQT", "XXXX"}) {
    expect_bad_connect({name, Connect().id(id("c")).protocol(name, 4).bytes(4)});
  }
}

TEST_F(Mqtt311Connect, MQTT_3_1_2_2_MQTT_3_2_2_5_unknown_protocol_level_gets_code_1_and_is_closed) {
  for (const unsigned level : {0U, 2U, 6U, 127U}) {
    SCOPED_TRACE(level);
    Client client = dial();
    client.send(Connect().id(id("c")).protocol("MQTT", level));
    client.expect_bytes(Bytes("\x20\x02\x00\x01", 4));
    client.expect_closed();
  }
}

TEST_F(Mqtt311Connect, MQTT_3_1_2_24_silent_client_is_closed_after_one_and_a_half_keep_alives) {
  Client other = join(Connect().id(id("other")).keep_alive(0));
  other.subscribe(topic("will"));
  Client silent = dial();
  const auto start = std::chrono::steady_clock::now();
  silent.open(Connect().id(id("silent")).keep_alive(1).will({.topic = topic("will"), .payload = "gone"}));
  silent.expect_closed();
  const auto lasted = std::chrono::steady_clock::now() - start;
  EXPECT_GE(lasted, std::chrono::milliseconds(1400));
  EXPECT_LE(lasted, std::chrono::milliseconds(4000));
  // "As if the network had failed": the will is published. Keep alive 0 never ends a connection.
  other.take(topic("will"), "gone");
}

TEST_F(Mqtt311Connect, MQTT_3_1_2_23_MQTT_3_1_2_24_ping_keeps_the_connection) {
  Client pinging = join(Connect().id(id("pinging")).keep_alive(2));
  for (int i = 0; i < 3; ++i) {
    let_keep_alive_pass();
    pinging.ping();
  }
}

TEST_F(Mqtt311Connect, MQTT_3_1_3_2_client_identifier_names_the_session) {
  Client first = join(Connect().id(id("a")).clean(false));
  first.subscribe(topic("x"), 1);
  first.leave();
  EXPECT_FALSE(dial().open(Connect().id(id("A")).clean(true)).session_present);
  EXPECT_TRUE(dial().open(Connect().id(id("a")).clean(false)).session_present);
}

TEST_F(Mqtt311Connect, MQTT_3_1_3_5_identifiers_of_1_to_23_letters_and_digits) {
  for (const std::string_view name : {"Z", "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ"}) {
    SCOPED_TRACE(name);
    Client client = join(Connect().id(name));
    client.ping();
  }
}

TEST_F(Mqtt311Connect, MQTT_3_1_3_6_empty_identifier_gets_a_unique_one) {
  Client first = join(Connect().id(""));
  Client second = join(Connect().id(""));
  first.ping();
  second.ping();
}

TEST_F(Mqtt311Connect, MQTT_3_1_3_7_MQTT_3_1_3_8_empty_identifier_with_clean_session_0_gets_code_2) {
  Client client = dial();
  client.send(Connect().id("").clean(false));
  client.expect_bytes(Bytes("\x20\x02\x00\x02", 4));
  client.expect_closed();
}

TEST_F(Mqtt311Connect, MQTT_3_1_3_9_rejected_identifier_gets_code_2) {
  start_own_broker({"mqtt.max_clientid_len=23"});
  if (IsSkipped()) return;
  Client client = dial();
  client.send(Connect().id("123456789012345678901234"));
  client.expect_bytes(Bytes("\x20\x02\x00\x02", 4));
  client.expect_closed();
}

TEST_F(Mqtt311Connect, MQTT_3_1_4_1_MQTT_3_1_3_3_MQTT_3_2_2_6_connect_that_ends_too_early_closes) {
  const Bytes whole = Connect().id("c").will({.topic = "w", .payload = "x"}).user("u").password("p").bytes(4);
  const Bytes body = whole.substr(2);
  for (std::size_t size = 0; size < body.size(); ++size) {
    expect_bad_connect({"body of " + std::to_string(size), packet(Type::Connect, 0, body.substr(0, size))});
  }
}

TEST_F(Mqtt311Connect, MQTT_3_1_4_1_bytes_behind_the_payload_close) {
  const Bytes body = Connect().id("c").bytes(4).substr(2);
  expect_bad_connect({"one byte more", packet(Type::Connect, 0, body + "x")});
}

TEST_F(Mqtt311Connect, MQTT_3_1_4_2_same_identifier_disconnects_the_existing_client) {
  Client first = join(Connect().id(id("c")));
  Client second = join(Connect().id(id("c")));
  first.expect_closed();
  second.ping();
}

TEST_F(Mqtt311Connect, MQTT_3_1_4_2_many_takeovers_in_a_row_leave_the_last) {
  Client last = join(Connect().id(id("c")).clean(false));
  for (int i = 0; i < 20; ++i) {
    Client next = join(Connect().id(id("c")).clean(false));
    last.expect_closed();
    last = std::move(next);
  }
  last.ping();
}

TEST_F(Mqtt311Connect, MQTT_3_1_4_3_MQTT_3_1_4_4_accepted_connect_is_answered_with_code_0) {
  Client client = dial();
  client.send(Connect().id(id("c")));
  client.expect_bytes(Bytes("\x20\x02\x00\x00", 4));
}

TEST_F(Mqtt311Connect, MQTT_3_1_4_5_nothing_after_a_rejected_connect_is_processed) {
  Client rejected = dial();
  rejected.send_raw(Connect().id("").clean(false).bytes(4) + Publish(topic("a"), "kept").retain().bytes(4));
  EXPECT_EQ(rejected.expect(Type::ConnAck).reason, 2U);
  rejected.expect_closed();
  Client client = join();
  client.subscribe(topic("a"));
  client.expect_nothing_more();
}

TEST_F(Mqtt311Connect, MQTT_3_2_2_4_MQTT_3_2_2_5_refused_credentials_get_code_4_or_5) {
  start_own_broker({"mqtt.allow_anonymous=false"});
  if (IsSkipped()) return;
  Client client = dial();
  client.send(Connect().id(id("c")).user("nobody").password("wrong"));
  const Packet connack = client.expect(Type::ConnAck);
  EXPECT_TRUE(connack.reason == 4 || connack.reason == 5) << connack.describe();
  EXPECT_FALSE(connack.session_present);
  client.expect_closed();
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapter 3.1.2.3: the connect flags and the payload that they announce.
#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

using Mqtt5ConnectFlags = Mqtt5Test;

constexpr unsigned kReserved = 0x01;
constexpr unsigned kWill = 0x04;
constexpr unsigned kWillQos1 = 0x08;
constexpr unsigned kWillQos2 = 0x10;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kUserName = 0x80;

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_3_reserved_flag) {
  expect_bad_connect({"reserved", Connect().id(id("c")).flip_flags(kReserved).bytes(5)}, {0x81});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_9_will_flag_and_will_fields_come_together) {
  expect_bad_connect({"no will", Connect().id(id("c")).flip_flags(kWill).bytes(5)});
  const Will will{.topic = topic("w"), .payload = "x"};
  expect_bad_connect({"fields only", Connect().id(id("c")).will(will).flip_flags(kWill).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_11_will_qos_without_will_flag) {
  expect_bad_connect({"QoS 1", Connect().id(id("c")).flip_flags(kWillQos1).bytes(5)});
  expect_bad_connect({"QoS 2", Connect().id(id("c")).flip_flags(kWillQos2).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_12_will_qos_3) {
  const Will will{.topic = topic("w"), .payload = "x"};
  expect_bad_connect({"QoS 3", Connect().id(id("c")).will(will).flip_flags(kWillQos1 | kWillQos2).bytes(5)}, {0x81});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_13_will_retain_without_will_flag) {
  expect_bad_connect({"retain", Connect().id(id("c")).flip_flags(kWillRetain).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_16_user_name_without_its_flag) {
  expect_bad_connect({"user name", Connect().id(id("c")).user("u").flip_flags(kUserName).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_17_user_name_flag_without_user_name) {
  expect_bad_connect({"user name", Connect().id(id("c")).flip_flags(kUserName).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_18_password_without_its_flag) {
  expect_bad_connect({"password", Connect().id(id("c")).password("p").flip_flags(kPassword).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_19_password_flag_without_password) {
  expect_bad_connect({"password", Connect().id(id("c")).flip_flags(kPassword).bytes(5)});
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_19_password_needs_no_user_name) {
  Client client = join(Connect().id(id("c")).password("p"));
  client.ping();
}

TEST_F(Mqtt5ConnectFlags, MQTT_3_1_2_9_MQTT_3_1_3_1_all_fields_in_their_order) {
  Client watcher = join();
  watcher.subscribe(topic("w"));
  const Will will{.topic = topic("w"), .payload = "last words", .props = Props().user("n", "v")};
  join(Connect().id(id("c")).will(will).user("user").password("password")).vanish();
  EXPECT_EQ(watcher.take(topic("w"), "last words").user_properties().size(), 1U);
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Chapter 3.1.2.3: the connect flags and the payload that they announce.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311ConnectFlags = Mqtt311Test;

constexpr unsigned kReserved = 0x01;
constexpr unsigned kWill = 0x04;
constexpr unsigned kWillQos1 = 0x08;
constexpr unsigned kWillQos2 = 0x10;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kUserName = 0x80;

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_3_reserved_flag) {
  expect_bad_connect({"reserved", Connect().id(id("c")).flip_flags(kReserved).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_9_will_flag_without_will_fields) {
  expect_bad_connect({"no will", Connect().id(id("c")).flip_flags(kWill).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_11_will_fields_without_will_flag) {
  const Will will{.topic = topic("w"), .payload = "x"};
  expect_bad_connect({"fields only", Connect().id(id("c")).will(will).flip_flags(kWill).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_11_MQTT_3_1_2_13_will_qos_without_will_flag) {
  expect_bad_connect({"QoS 1", Connect().id(id("c")).flip_flags(kWillQos1).bytes(4)});
  expect_bad_connect({"QoS 2", Connect().id(id("c")).flip_flags(kWillQos2).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_15_will_retain_without_will_flag) {
  expect_bad_connect({"retain", Connect().id(id("c")).flip_flags(kWillRetain).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_14_will_qos_3) {
  const Will will{.topic = topic("w"), .payload = "x"};
  expect_bad_connect({"QoS 3", Connect().id(id("c")).will(will).flip_flags(kWillQos1 | kWillQos2).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_18_user_name_without_its_flag) {
  expect_bad_connect({"user name", Connect().id(id("c")).user("u").flip_flags(kUserName).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_19_user_name_flag_without_user_name) {
  expect_bad_connect({"user name", Connect().id(id("c")).flip_flags(kUserName).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_20_password_without_its_flag) {
  expect_bad_connect({"password", Connect().id(id("c")).user("u").password("p").flip_flags(kPassword).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_21_password_flag_without_password) {
  expect_bad_connect({"password", Connect().id(id("c")).user("u").flip_flags(kPassword).bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_22_password_without_user_name) {
  expect_bad_connect({"password", Connect().id(id("c")).password("p").bytes(4)});
}

TEST_F(Mqtt311ConnectFlags, MQTT_3_1_2_9_MQTT_3_1_3_1_all_fields_in_their_order) {
  Client watcher = join();
  watcher.subscribe(topic("w"));
  Client client = join(
      Connect().id(id("c")).will({.topic = topic("w"), .payload = "last words"}).user("user").password("password"));
  client.vanish();
  watcher.take(topic("w"), "last words");
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/mqtt/codec/packet.h"
#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {

/// A packet as the specification writes it, in its only form: encoding what it decodes to gives the same bytes.
struct Golden {
  std::string name;
  unsigned versions;
  std::uint8_t first_byte;
  std::string body;
};

inline std::vector<Golden> connection_goldens() {
  return {
      {"connect_31", kV31, 0x10, "<MQIsdp> 03 02 003c <device-1>"},
      {"connect_31_credentials", kV31, 0x10, "<MQIsdp> 03 c2 003c <device-1> | <user> | <secret>"},
      {"connect_311", kV311, 0x10, "<MQTT> 04 02 003c <device-1>"},
      {"connect_311_empty_id", kV311, 0x10, "<MQTT> 04 02 0000 <>"},
      {"connect_311_everything", kV311, 0x10, "<MQTT> 04 f6 ffff <device-1> <state/device-1> <gone> <user> <secret>"},
      {"connect_311_bridge", kV311, 0x10, "<MQTT> 84 00 003c <bridge>"},
      {"connect_5", kV5, 0x10, "<MQTT> 05 02 003c 00 <device-1>"},
      {"connect_5_password_only", kV5, 0x10, "<MQTT> 05 42 003c 00 <device-1> <token>"},
      {"connect_5_properties", kV5, 0x10,
       "<MQTT> 05 00 003c 37 1100000e10 210014 2700010000 22000a 1901 1700 26 <k> <v> 15 <SCRAM-SHA-1> 16 <data> 26 "
       "<k> <w> <device-1>"},
      {"connect_5_will", kV5, 0x10,
       "<MQTT> 05 2e 003c 00 <d> 28 180000000a 0101 020000003c 03 <text/plain> 08 <r> 09 <c> 26 <k> <v> <w> <bye>"},
      {"connack_31", kV31, 0x20, "00 05"},
      {"connack_311", kV311, 0x20, "01 00"},
      {"connack_311_refused", kV311, 0x20, "00 02"},
      {"connack_5", kV5, 0x20, "01 00 00"},
      {"connack_5_properties", kV5, 0x20,
       "00 00 3b 1100000e10 210014 2401 2501 2700010000 12 <auto-1> 22000a 1f <ok> 26 <k> <v> 2801 2901 2a01 13001e 1a "
       "<ri> 1c <b>"},
      {"connack_5_refused", kV5, 0x20, "00 87 00"},
      {"pingreq", kAll, 0xC0, ""},
      {"pingresp", kAll, 0xD0, ""},
      {"disconnect", kAll, 0xE0, ""},
      {"disconnect_5_with_will", kV5, 0xE0, "| 04"},
      {"disconnect_5_properties", kV5, 0xE0, "| 8e | 10 1100000000 1c <b> 26 <k> <v>"},
      {"auth", kV5, 0xF0, ""},
      {"auth_continue", kV5, 0xF0, "| 18 | 0b 15 <abc> 16 <de>"},
  };
}

inline std::vector<Golden> message_goldens() {
  return {
      {"publish_qos0", kV31 | kV311, 0x30, "<a/b> * 'hello'"},
      {"publish_qos0_retained_empty", kV31 | kV311, 0x31, "<a/b>"},
      {"publish_qos1_dup", kV31 | kV311, 0x3A, "<a/b> 000a * 'hello'"},
      {"publish_qos2", kV31 | kV311, 0x34, "<größe/温度> ffff * 'hello'"},
      {"publish_5_qos0", kV5, 0x30, "<a/b> 00 * 'hello'"},
      {"publish_5_alias_only", kV5, 0x30, "<> 03 230001 * 'hello'"},
      {"publish_5_qos1_properties", kV5, 0x32,
       "<a/b> 000a 2e 0101 020000003c 230005 08 <r/t> 09 <c> 26 <k> <v> 26 <k> <v> 03 <ct> 0b01 0bffffff7f * 'hello'"},
      {"puback", kAll, 0x40, "0001"},
      {"pubrec", kAll, 0x50, "fffe"},
      {"pubrel", kAll, 0x62, "0001"},
      {"pubcomp", kAll, 0x70, "0001"},
      {"puback_5_reason", kV5, 0x40, "0001 | 10"},
      {"pubrec_5_properties", kV5, 0x50, "0001 | 97 | 0c 1f <why> 26 <> <v>"},
      {"pubrel_5_properties", kV5, 0x62, "0001 | 92 | 06 1f <why>"},
      {"pubcomp_5_success_with_property", kV5, 0x70, "0001 | 00 | 07 26 <k> <v>"},
  };
}

inline std::vector<Golden> subscription_goldens() {
  return {
      {"subscribe", kV31 | kV311, 0x82, "0001 <a/#> 00 | <+/b> 01 | <c> 02"},
      {"subscribe_5", kV5, 0x82, "0001 09 0b07 26 <> <vv> <a/#> 2e | <$share/g/b> 19"},
      {"suback", kV31 | kV311, 0x90, "0001 00 | 01 | 02 | 80"},
      {"suback_5", kV5, 0x90, "0001 04 1f <a> 02 | 87 | 97 | 9e"},
      {"unsubscribe", kV31 | kV311, 0xA2, "0001 <a/#> | <b>"},
      {"unsubscribe_5", kV5, 0xA2, "0001 07 26 <k> <v> <a/#> | <b>"},
      {"unsuback", kV31 | kV311, 0xB0, "0001"},
      {"unsuback_5", kV5, 0xB0, "0001 00 00 | 11 | 8f"},
  };
}

inline std::vector<Golden> goldens() {
  std::vector<Golden> all = connection_goldens();
  for (auto& golden : message_goldens()) all.push_back(golden);
  for (auto& golden : subscription_goldens()) all.push_back(golden);
  return all;
}

inline std::string golden_name(const ::testing::TestParamInfo<Golden>& info) { return info.param.name; }

}  // namespace sluice::mqtt::test

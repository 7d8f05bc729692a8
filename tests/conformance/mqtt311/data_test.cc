// SPDX-License-Identifier: Apache-2.0
// Chapter 1.5: data representations.
#include <vector>

#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Data = Mqtt311Test;

const std::vector<Bytes> kIllFormed = {
    "\xED\xA0\x80",      // U+D800
    "\xED\xBF\xBF",      // U+DFFF
    "\xC0\xAF",          // overlong solidus
    "\xE0\x80\xAF",      // overlong solidus, three bytes
    "\xF0\x80\x80\xAF",  // overlong solidus, four bytes
    "\x80",              // continuation byte alone
    "a\xC3",             // ends inside a character
    "\xC3(",             // second byte is no continuation
    "\xF4\x90\x80\x80",  // above U+10FFFF
    "\xFF",              // never in UTF-8
};

TEST_F(Mqtt311Data, MQTT_1_5_3_1_ill_formed_topic_name_closes) {
  for (const Bytes& text : kIllFormed) expect_violation({hex(text), Publish(text, "x").bytes(4)});
}

TEST_F(Mqtt311Data, MQTT_1_5_3_1_MQTT_3_8_3_1_ill_formed_filter_in_subscribe_closes) {
  for (const Bytes& text : kIllFormed) expect_violation({hex(text), Subscribe(1).filter(text).bytes(4)});
}

TEST_F(Mqtt311Data, MQTT_1_5_3_1_MQTT_3_10_3_1_ill_formed_filter_in_unsubscribe_closes) {
  for (const Bytes& text : kIllFormed) expect_violation({hex(text), Unsubscribe(1).filter(text).bytes(4)});
}

TEST_F(Mqtt311Data, MQTT_1_5_3_1_MQTT_3_1_3_4_MQTT_3_1_3_10_MQTT_3_1_3_11_ill_formed_text_in_connect_closes) {
  for (const Bytes& text : kIllFormed) {
    expect_bad_connect({"client id", Connect().id(text).bytes(4)});
    expect_bad_connect({"will topic", Connect().id(id("w")).will({.topic = text, .payload = "x"}).bytes(4)});
    expect_bad_connect({"user name", Connect().id(id("u")).user(text).bytes(4)});
  }
}

TEST_F(Mqtt311Data, MQTT_1_5_3_2_MQTT_4_7_3_2_null_character_closes) {
  const Bytes text("a\0b", 3);
  expect_violation({"topic name", Publish(text, "x").bytes(4)});
  expect_violation({"filter of SUBSCRIBE", Subscribe(1).filter(text).bytes(4)});
  expect_violation({"filter of UNSUBSCRIBE", Unsubscribe(1).filter(text).bytes(4)});
  expect_bad_connect({"client id", Connect().id(text).bytes(4)});
  expect_bad_connect({"will topic", Connect().id(id("w")).will({.topic = text, .payload = "x"}).bytes(4)});
  expect_bad_connect({"user name", Connect().id(id("u")).user(text).bytes(4)});
}

TEST_F(Mqtt311Data, MQTT_1_5_3_3_byte_order_mark_is_kept) {
  const std::string marked = topic(
      "\xEF\xBB\xBF"
      "x");
  Client client = join();
  client.subscribe(marked);
  client.publish(topic("x"), "without");
  client.publish(marked, "with");
  client.take(marked, "with");
}

TEST_F(Mqtt311Data, MQTT_1_5_3_1_longest_and_highest_characters_are_well_formed) {
  const std::string name = topic("\xF4\x8F\xBF\xBD/\xE2\x82\xAC/\xC3\xBC");
  Client client = join();
  client.subscribe(name);
  client.publish(name, "x");
  client.take(name, "x");
}

}  // namespace
}  // namespace sluice::test

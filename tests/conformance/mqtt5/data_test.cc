// SPDX-License-Identifier: Apache-2.0
// Chapter 1.5: data representation.
#include <array>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

class Mqtt5Data : public Mqtt5Test {
 protected:
  /// The text in every place where a connected client may write a string.
  void expect_refused_everywhere(std::string_view text) {
    SCOPED_TRACE(hex(text));
    expect_violation({"topic name", Publish(text, "x").bytes(5)}, {0x81});
    expect_violation({"topic filter", Subscribe(1).filter(text).bytes(5)}, {0x81});
    expect_violation({"filter in UNSUBSCRIBE", Unsubscribe(1).filter(text).bytes(5)}, {0x81});
    expect_violation({"content type", Publish("a", "x").with(Prop::ContentType, text).bytes(5)}, {0x81});
    expect_violation({"response topic", Publish("a", "x").with(Prop::ResponseTopic, text).bytes(5)}, {0x81});
    expect_violation({"user property name", Publish("a", "x").user(text, "v").bytes(5)}, {0x81});
    expect_violation({"user property value", Publish("a", "x").user("n", text).bytes(5)}, {0x81});
    expect_violation({"reason string", Disconnect(4).with(Prop::ReasonString, text).bytes(5)}, {0x81});
  }
  void expect_connect_refused_everywhere(std::string_view text) {
    SCOPED_TRACE(hex(text));
    expect_bad_connect({"client identifier", Connect().id(text).bytes(5)}, {0x81, 0x85});
    expect_bad_connect({"user name", Connect().id("c").user(text).bytes(5)}, {0x81});
    expect_bad_connect({"will topic", Connect().id("c").will({.topic = Bytes(text), .payload = "x"}).bytes(5)}, {0x81});
    const Props content = Props().with(Prop::ContentType, text);
    expect_bad_connect(
        {"will content type", Connect().id("c").will({.topic = "w", .payload = "x", .props = content}).bytes(5)},
        {0x81});
    expect_bad_connect({"authentication method", Connect().id("c").with(Prop::AuthMethod, text).bytes(5)}, {0x81});
  }
};

// Overlong forms, surrogates, beyond U+10FFFF, a lone continuation, a sequence that is cut off.
constexpr std::array<std::string_view, 8> kIllFormed = {
    "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\x80", "a\xC3", "\xFF"};

TEST_F(Mqtt5Data, MQTT_1_5_4_1_MQTT_1_5_7_1_MQTT_3_3_2_13_MQTT_3_3_2_19_MQTT_3_8_3_1_MQTT_3_10_3_1_ill_formed_text) {
  for (const std::string_view text : kIllFormed) expect_refused_everywhere(text);
}

TEST_F(Mqtt5Data, MQTT_1_5_4_1_MQTT_3_1_3_4_MQTT_3_1_3_11_MQTT_3_1_3_12_ill_formed_text_in_connect) {
  for (const std::string_view text : kIllFormed) expect_connect_refused_everywhere(text);
}

TEST_F(Mqtt5Data, MQTT_1_5_4_2_MQTT_4_7_3_2_null_character) {
  expect_refused_everywhere(std::string_view("a\0b", 3));
  expect_connect_refused_everywhere(std::string_view("a\0b", 3));
}

TEST_F(Mqtt5Data, MQTT_1_5_4_3_byte_order_mark_is_kept) {
  const Bytes marked = "\xEF\xBB\xBF" + topic("a");
  Client client = join();
  client.subscribe(marked);
  client.subscribe(topic("a"));
  client.send(Publish(marked, "x").user("\xEF\xBB\xBFn", "\xEF\xBB\xBFv"));
  const Packet message = client.expect_message(marked, "x");
  EXPECT_EQ(message.user_properties(), (std::vector<std::pair<Bytes, Bytes>>{{"\xEF\xBB\xBFn", "\xEF\xBB\xBFv"}}));
  client.expect_nothing_more();
}

TEST_F(Mqtt5Data, MQTT_1_5_5_1_remaining_length_has_as_few_bytes_as_it_can) {
  Client client = join();
  client.subscribe(topic("a"));
  const std::size_t head = 2 + topic("a").size() + 1;
  for (const std::size_t length : {127U, 128U, 16383U, 16384U}) {
    const Bytes payload(length - head, 'x');
    client.send(Publish(topic("a"), payload));
    client.expect_bytes(u8(0x30) + varint(static_cast<std::uint32_t>(length)) + field(topic("a")) + u8(0) + payload);
  }
}

TEST_F(Mqtt5Data, MQTT_1_5_5_1_integer_of_five_bytes_is_malformed) {
  expect_violation({"remaining length", "\x30\x80\x80\x80\x80\x01"}, {0x81});
  const Bytes five = "\x80\x80\x80\x80\x01";
  expect_violation({"property length", packet(Type::Publish, 0, field("a") + five)}, {0x81});
  expect_violation({"subscription identifier",
                    packet(Type::Subscribe, 2, u16(1) + varint(6) + u8(0x0B) + five + field("a") + u8(0))},
                   {0x81});
}

}  // namespace
}  // namespace sluice::test

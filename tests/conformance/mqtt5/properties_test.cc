// SPDX-License-Identifier: Apache-2.0
// Chapter 2.2.2: properties, and which packet may carry which (table 2-4).
#include <algorithm>
#include <vector>

#include "tests/conformance/mqtt5/mqtt5_test.h"

namespace sluice::test {
namespace {

constexpr unsigned kLastProperty = 0x2A;

/// A well-formed value of a property.
Bytes sample(Prop property) {
  switch (*prop_kind(static_cast<std::uint8_t>(property))) {
    case PropKind::Text:
    case PropKind::Binary:
      return u8(static_cast<unsigned>(property)) + field("v");
    case PropKind::Pair:
      return u8(static_cast<unsigned>(property)) + field("n") + field("v");
    case PropKind::Byte:
      return u8(static_cast<unsigned>(property)) + u8(1);
    case PropKind::TwoBytes:
      return u8(static_cast<unsigned>(property)) + u16(1);
    case PropKind::FourBytes:
      return u8(static_cast<unsigned>(property)) + u32(1);
    case PropKind::VarInt:
      break;
  }
  return u8(static_cast<unsigned>(property)) + varint(1);
}

/// Every property that is not in the list.
std::vector<Bytes> all_but(std::initializer_list<Prop> allowed) {
  std::vector<Bytes> samples;
  for (unsigned id = 0; id <= kLastProperty; ++id) {
    const auto property = static_cast<Prop>(id);
    const bool known = prop_kind(static_cast<std::uint8_t>(id)).has_value();
    if (!known) samples.push_back(u8(id) + u8(0));
    if (known && std::ranges::find(allowed, property) == allowed.end()) samples.push_back(sample(property));
  }
  samples.push_back(u8(0x7F) + u8(0));
  return samples;
}

Bytes listed(std::string_view properties) {
  return varint(static_cast<std::uint32_t>(properties.size())) + Bytes(properties);
}

class Mqtt5Properties : public Mqtt5Test {
 protected:
  void expect_refused_in(Type type, unsigned flags, std::string_view before, std::string_view after,
                         std::string_view properties) {
    const Bytes what = Bytes(type_name(type)) + " with " + hex(properties);
    expect_violation({what, packet(type, flags, Bytes(before) + listed(properties) + Bytes(after))});
  }
};

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_properties_that_connect_must_not_have) {
  for (const Bytes& properties :
       all_but({Prop::SessionExpiry, Prop::AuthMethod, Prop::RequestProblem, Prop::RequestResponse,
                Prop::ReceiveMaximum, Prop::TopicAliasMaximum, Prop::UserProperty, Prop::MaximumPacketSize})) {
    expect_bad_connect({hex(properties), Connect().id("c").props(Props().raw(properties)).bytes(5)});
  }
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_properties_that_a_will_must_not_have) {
  for (const Bytes& properties :
       all_but({Prop::PayloadFormat, Prop::MessageExpiry, Prop::ContentType, Prop::ResponseTopic, Prop::CorrelationData,
                Prop::WillDelay, Prop::UserProperty})) {
    const Will will{.topic = "w", .payload = "x", .props = Props().raw(properties)};
    expect_bad_connect({hex(properties), Connect().id("c").will(will).bytes(5)});
  }
}

TEST_F(Mqtt5Properties, MQTT_3_3_4_6_MQTT_4_13_1_1_properties_that_publish_must_not_have) {
  for (const Bytes& properties :
       all_but({Prop::PayloadFormat, Prop::MessageExpiry, Prop::ContentType, Prop::ResponseTopic, Prop::CorrelationData,
                Prop::TopicAlias, Prop::UserProperty})) {
    expect_refused_in(Type::Publish, 0, field("a"), "x", properties);
  }
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_properties_that_acknowledgements_must_not_have) {
  for (const Bytes& properties : all_but({Prop::ReasonString, Prop::UserProperty})) {
    for (const Type type : {Type::PubAck, Type::PubRec, Type::PubRel, Type::PubComp}) {
      expect_refused_in(type, type == Type::PubRel ? 2 : 0, u16(1) + u8(0), "", properties);
    }
  }
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_properties_that_subscribe_and_unsubscribe_must_not_have) {
  for (const Bytes& properties : all_but({Prop::SubscriptionId, Prop::UserProperty})) {
    expect_refused_in(Type::Subscribe, 2, u16(1), field("a") + u8(0), properties);
  }
  for (const Bytes& properties : all_but({Prop::UserProperty})) {
    expect_refused_in(Type::Unsubscribe, 2, u16(1), field("a"), properties);
  }
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_properties_that_disconnect_must_not_have) {
  for (const Bytes& properties :
       all_but({Prop::SessionExpiry, Prop::ReasonString, Prop::ServerReference, Prop::UserProperty})) {
    expect_refused_in(Type::Disconnect, 0, u8(0), "", properties);
  }
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_property_that_is_there_twice) {
  for (const Prop property : {Prop::PayloadFormat, Prop::MessageExpiry, Prop::ContentType, Prop::ResponseTopic,
                              Prop::CorrelationData, Prop::TopicAlias}) {
    expect_refused_in(Type::Publish, 0, field("a"), "x", sample(property) + sample(property));
  }
  for (const Prop property : {Prop::SessionExpiry, Prop::AuthMethod, Prop::RequestProblem, Prop::RequestResponse,
                              Prop::ReceiveMaximum, Prop::TopicAliasMaximum, Prop::MaximumPacketSize}) {
    const Props twice = Props().raw(sample(property) + sample(property));
    expect_bad_connect({hex(sample(property)), Connect().id("c").props(twice).bytes(5)});
  }
  const Bytes identifiers = sample(Prop::SubscriptionId) + sample(Prop::SubscriptionId);
  expect_refused_in(Type::Subscribe, 2, u16(1), field("a") + u8(0), identifiers);
  expect_refused_in(Type::Disconnect, 0, u8(4), "", sample(Prop::ReasonString) + sample(Prop::ReasonString));
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_values_that_a_property_must_not_have) {
  for (const Prop property : {Prop::RequestProblem, Prop::RequestResponse}) {
    expect_bad_connect({"2 for a truth value", Connect().id("c").with(property, 2).bytes(5)});
  }
  expect_bad_connect({"Receive Maximum 0", Connect().id("c").with(Prop::ReceiveMaximum, 0).bytes(5)});
  expect_bad_connect({"Maximum Packet Size 0", Connect().id("c").with(Prop::MaximumPacketSize, 0).bytes(5)});
  expect_bad_connect({"data without method", Connect().id("c").with(Prop::AuthData, "x").bytes(5)});
  expect_violation({"Payload Format 2", Publish("a", "x").with(Prop::PayloadFormat, 2).bytes(5)});
  expect_violation({"Subscription Identifier 0", Subscribe(1).with(Prop::SubscriptionId, 0).filter("a").bytes(5)});
}

TEST_F(Mqtt5Properties, MQTT_2_2_2_1_property_length_is_always_there) {
  expect_violation({"PUBLISH", packet(Type::Publish, 0, field("a"))}, {0x81});
  expect_violation({"SUBSCRIBE", packet(Type::Subscribe, 2, u16(1))}, {0x81});
  expect_violation({"UNSUBSCRIBE", packet(Type::Unsubscribe, 2, u16(1))}, {0x81});
  Client client = join();
  client.subscribe(topic("a"));
  client.send(Publish(topic("a"), ""));
  client.expect_bytes(packet(Type::Publish, 0, field(topic("a")) + u8(0)));
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_property_that_is_cut_off) {
  for (unsigned id = 1; id <= kLastProperty; ++id) {
    if (!prop_kind(static_cast<std::uint8_t>(id))) continue;
    const Bytes whole = sample(static_cast<Prop>(id));
    expect_refused_in(Type::Publish, 0, field("a"), "", whole.substr(0, whole.size() - 1));
  }
  expect_violation({"length beyond the packet", packet(Type::Publish, 0, field("a") + varint(200) + "x")}, {0x81});
}

TEST_F(Mqtt5Properties, MQTT_4_13_1_1_user_properties_may_repeat_everywhere) {
  const Props twice = Props().user("n", "1").user("n", "1");
  Client client = join(Connect().id(id("c")).props(twice).will({.topic = topic("w"), .payload = "x", .props = twice}));
  client.send(Subscribe(1).user("n", "1").user("n", "1").filter(topic("a"), 1));
  client.expect_ack(Type::SubAck, 1);
  Client publisher = join();
  publisher.send(Publish(topic("a"), "x").qos(1, 1).props(twice));
  publisher.expect_ack(Type::PubAck, 1);
  const Packet message = client.expect_message(topic("a"), "x");
  EXPECT_EQ(message.user_properties().size(), 2U);
  client.send(Ack(Type::PubAck, message.packet_id).props(twice));
  client.ping();
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/properties.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {
namespace {

/// A valid property of any kind.
std::vector<std::byte> sample(const PropertyRow& row) {
  std::vector<std::byte> out;
  PropertyBuilder builder(out);
  if (row.type <= PropertyType::Varint) {
    builder.number(row.id, 1);
  } else if (row.type == PropertyType::StringPair) {
    builder.user("name", "value");
  } else {
    builder.text(row.id, "text");
  }
  EXPECT_FALSE(builder.failed());
  return out;
}

template <class Function>
void for_each_row_and_scope(Function function) {
  int rows = 0;
  for (std::uint32_t id = 0; id <= 0xFF; ++id) {
    const PropertyRow* row = find_property(id);
    if (row == nullptr) continue;
    ++rows;
    for (unsigned scope = kInConnect; scope <= kInAuth; scope <<= 1U) function(*row, static_cast<PropertyScope>(scope));
  }
  EXPECT_EQ(rows, 27) << "as many as the specification has";
}

TEST(PropertyTable, AdmitsAPropertyExactlyWhereItBelongs) {
  for_each_row_and_scope([](const PropertyRow& row, PropertyScope scope) {
    auto one = sample(row);
    if (row.id == PropertyId::AuthenticationData) {
      PropertyBuilder(one).text(PropertyId::AuthenticationMethod, "method");
    }
    const Errc expected = (row.scopes & scope) != 0 ? Errc::Ok : Errc::PropertyNotAllowed;
    EXPECT_EQ(validate_properties(one, scope), expected) << row.name << " in scope " << scope;
  });
}

TEST(PropertyTable, RefusesSecondsExceptWhereTheyAreAllowed) {
  for_each_row_and_scope([](const PropertyRow& row, PropertyScope scope) {
    if ((row.scopes & scope) == 0) return;
    auto two = sample(row);
    const auto again = two;
    two.insert(two.end(), again.begin(), again.end());
    if (row.id == PropertyId::AuthenticationData) {
      PropertyBuilder(two).text(PropertyId::AuthenticationMethod, "method");
    }
    const bool many =
        row.id == PropertyId::UserProperty || (row.id == PropertyId::SubscriptionIdentifier && scope == kInPublish);
    EXPECT_EQ(validate_properties(two, scope), many ? Errc::Ok : Errc::PropertyDuplicate) << row.name;
  });
}

TEST(PropertyTable, EveryPropertyIsRefusedWhenCut) {
  for_each_row_and_scope([](const PropertyRow& row, PropertyScope scope) {
    if ((row.scopes & scope) == 0) return;
    const auto whole = sample(row);
    for (std::size_t length = 1; length < whole.size(); ++length) {
      EXPECT_EQ(validate_properties(std::span(whole).first(length), scope), Errc::PacketTruncated) << row.name;
    }
  });
}

TEST(PropertyTable, NamesAndIdentifiersAreUnique) {
  std::vector<std::string_view> names;
  for (std::uint32_t id = 0; id <= 0xFF; ++id) {
    if (const PropertyRow* row = find_property(id)) names.push_back(row->name);
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  EXPECT_EQ(find_property(0), nullptr);
  EXPECT_EQ(find_property(0xFFFF'FFFF), nullptr);
}

TEST(PropertiesView, IteratesInOrderWithValues) {
  const auto bytes = wire("26 <a> <1> 020000003c 26 <a> <2> 0bc102 09 0002 00ff");
  std::vector<Property> list;
  for (const Property& property : PropertiesView(bytes)) list.push_back(property);
  ASSERT_EQ(list.size(), 5U);
  EXPECT_EQ(list[0].name, "a");
  EXPECT_EQ(list[0].text(), "1");
  EXPECT_EQ(list[1].number, 60U);
  EXPECT_EQ(list[2].text(), "2");
  EXPECT_EQ(list[3].number, 321U);
  EXPECT_EQ(hex(list[4].bytes), "00ff");
  EXPECT_EQ(hex(list[4].wire), "09000200ff");
}

TEST(PropertiesView, FindsTheFirstOfAKind) {
  const auto bytes = wire("0b01 0b02 03 <json>");
  const PropertiesView view(bytes);
  EXPECT_EQ(view.number(PropertyId::SubscriptionIdentifier), 1U);
  EXPECT_EQ(view.text(PropertyId::ContentType), "json");
  EXPECT_FALSE(view.binary(PropertyId::CorrelationData).has_value());
  EXPECT_FALSE(view.number(PropertyId::TopicAlias).has_value());
}

TEST(PropertiesView, EndsWhereTheBytesAreMalformed) {
  const auto bytes = wire("0101 7f 0101");
  EXPECT_EQ(std::ranges::distance(PropertiesView(bytes).begin(), PropertiesView(bytes).end()), 1);
}

TEST(MessageProperties, ForwardableInOnePieceIsAViewOfTheFrame) {
  const auto bytes = wire(
      "230001 0101 03 <ct> 08 <r> 09 <c> 26 <k> <v> 26 <k> "
      "<v> 020000003c 0b01");
  MessageProperties read;
  ASSERT_EQ(read_message_properties(bytes, kInPublish, read), Errc::Ok);
  EXPECT_TRUE(read.forwardable_in_one_piece);
  std::vector<std::byte> scratch;
  const auto result = forwardable(read, PropertiesView(bytes), scratch);
  EXPECT_EQ(hex(result), hex(wire("0101 03 <ct> 08 <r> 09 <c> 26 <k> <v> "
                                  "26 <k> <v>")));
  EXPECT_EQ(result.data(), bytes.data() + 3);
  EXPECT_TRUE(scratch.empty());
}

TEST(MessageProperties, MQTT_3_3_2_18_ForwardableInPiecesIsCollectedInOrder) {
  const auto bytes = wire(
      "26 <b> <1> 020000003c 26 <a> <2> 230001 0b05 26 <b> "
      "<3> 0101");
  MessageProperties read;
  ASSERT_EQ(read_message_properties(bytes, kInPublish, read), Errc::Ok);
  EXPECT_FALSE(read.forwardable_in_one_piece);
  std::vector<std::byte> scratch(99);
  EXPECT_EQ(hex(forwardable(read, PropertiesView(bytes), scratch)), hex(wire("26 <b> <1> 26 <a> <2> 26 <b> <3> 0101")));
}

TEST(MessageProperties, NothingToForward) {
  const auto bytes = wire("020000003c");
  MessageProperties read;
  ASSERT_EQ(read_message_properties(bytes, kInWill, read), Errc::Ok);
  std::vector<std::byte> scratch;
  EXPECT_TRUE(forwardable(read, PropertiesView(bytes), scratch).empty());
  EXPECT_EQ(read.expiry_seconds, 60U);
}

TEST(PropertyBuilder, WritesBehindWhatIsThere) {
  std::vector<std::byte> out(2);
  PropertyBuilder builder(out);
  builder.number(PropertyId::ServerKeepAlive, 30).text(PropertyId::ReasonString, "no").user("k", "v");
  EXPECT_EQ(hex(builder.view().wire()), hex(wire("13001e 1f <no> 26 <k> <v>")));
  EXPECT_FALSE(builder.failed());
}

TEST(PropertyBuilder, LeavesOutWhatHasNoWireForm) {
  std::vector<std::byte> out;
  EXPECT_TRUE(PropertyBuilder(out).number(PropertyId::ReasonString, 1).failed());
  EXPECT_TRUE(PropertyBuilder(out).text(PropertyId::TopicAlias, "x").failed());
  EXPECT_TRUE(PropertyBuilder(out).text(PropertyId::UserProperty, "x").failed());
  EXPECT_TRUE(PropertyBuilder(out).number(PropertyId::ReceiveMaximum, 65'536).failed());
  EXPECT_TRUE(PropertyBuilder(out).number(PropertyId::MaximumQos, 256).failed());
  EXPECT_TRUE(PropertyBuilder(out).number(PropertyId::SubscriptionIdentifier, kMaxVarint + 1).failed());
  EXPECT_TRUE(PropertyBuilder(out).text(PropertyId::ReasonString, std::string(65'536, 'x')).failed());
  EXPECT_TRUE(PropertyBuilder(out).user(std::string(65'536, 'x'), "").failed());
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace sluice::mqtt::test

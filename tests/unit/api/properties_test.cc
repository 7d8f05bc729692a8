// SPDX-License-Identifier: Apache-2.0
#include "broker/api/properties.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }
std::string text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Pairs user_properties(std::span<const std::byte> properties) {
  Pairs pairs;
  for_each_user_property(properties,
                         [&](std::string_view name, std::string_view value) { pairs.emplace_back(name, value); });
  return pairs;
}

/// Payload format 1, content type "a/b", response topic "r", correlation data 00 ff, user properties k=v, k=, =w.
const std::string kEverything =
    "\x01\x01"
    "\x03\0\x03"
    "a/b"
    "\x08\0\x01r"
    "\x09\0\x02\0\xFF"
    "\x26\0\x01k\0\x01v"
    "\x26\0\x01k\0\0"
    "\x26\0\0\0\x01w"s;

TEST(MessageProperties, Golden) {
  std::vector<std::byte> properties;
  EXPECT_TRUE(append_content_type(properties, "text/plain"));
  EXPECT_TRUE(append_user_property(properties, "k", "v"));
  EXPECT_EQ(text(properties), "\x03\0\x0Atext/plain\x26\0\x01k\0\x01v"s);
}

TEST(MessageProperties, AreReadBetweenAllThatTravel) {
  EXPECT_EQ(content_type(bytes(kEverything)), "a/b");
  EXPECT_THAT(user_properties(bytes(kEverything)), ElementsAre(Pair("k", "v"), Pair("k", ""), Pair("", "w")));
  EXPECT_EQ(content_type({}), std::nullopt);
  EXPECT_THAT(user_properties({}), IsEmpty());
}

TEST(MessageProperties, RoundTrip) {
  for (const std::string& one : {""s, "a"s,
                                 "gr\xC3\xB6\xC3\x9F"
                                 "e"s,
                                 std::string(0xFFFF, 'x')}) {
    std::vector<std::byte> properties;
    EXPECT_TRUE(append_user_property(properties, one, "first"));
    EXPECT_TRUE(append_content_type(properties, one));
    EXPECT_TRUE(append_user_property(properties, "second", one));
    EXPECT_EQ(content_type(properties), one);
    EXPECT_THAT(user_properties(properties), ElementsAre(Pair(one, "first"), Pair("second", one)));
  }
}

TEST(MessageProperties, WhatHasNoWireFormIsNotAppended) {
  std::vector<std::byte> properties;
  for (const std::string& bad : {std::string(0x10000, 'x'), "a\0"s, "\xFF"s, "\xC3"s, "\xED\xA0\x80"s}) {
    EXPECT_FALSE(append_content_type(properties, bad));
    EXPECT_FALSE(append_user_property(properties, bad, "v"));
    EXPECT_FALSE(append_user_property(properties, "k", bad));
  }
  EXPECT_THAT(properties, IsEmpty());
}

TEST(MessageProperties, AMessageHasOneContentType) {  // [MQTT5 3.3.2.3.9]
  std::vector<std::byte> properties;
  EXPECT_TRUE(append_content_type(properties, "a"));
  const std::vector<std::byte> before = properties;
  EXPECT_FALSE(append_content_type(properties, "b"));
  EXPECT_EQ(properties, before);
}

TEST(MessageProperties, EndWhereTheyAreCutOff) {
  constexpr std::size_t kContentTypeEnds = 8;
  constexpr std::size_t kUserPropertyEnds[] = {24, 30, 36};
  ASSERT_EQ(kEverything.size(), kUserPropertyEnds[2]);
  for (std::size_t size = 0; size <= kEverything.size(); ++size) {
    const std::string cut = kEverything.substr(0, size);
    EXPECT_EQ(content_type(bytes(cut)).has_value(), size >= kContentTypeEnds) << size;
    std::size_t whole = 0;
    for (const std::size_t end : kUserPropertyEnds) whole += size >= end ? 1U : 0U;
    EXPECT_EQ(user_properties(bytes(cut)).size(), whole) << size;
  }
}

TEST(MessageProperties, EndAtWhatIsNone) {
  const std::string good = "\x26\0\x01k\0\x01v"s;
  const std::string bad[] = {
      "\x02\0\0\0\x01"s,         // a message expiry interval does not travel
      "\x0B\x01"s,               // nor does a subscription identifier
      "\x00"s,                   // no identifier at all
      "\x2B"s,                   // above the last one
      "\x83\0\x01z"s,            // an identifier of two bytes
      "\x03\0\x01\xFF"s,         // ill-formed UTF-8 [MQTT-1.5.4-1]
      "\x03\0\x01\0"s,           // U+0000 [MQTT-1.5.4-2]
      "\x26\0\x01\xC3\0\x01v"s,  // in a name
      "\x26\0\x01k\0\x01\xC3"s,  // in a value
      "\x09\xFF\xFFz"s,          // longer than all
  };
  for (const std::string& one : bad) {
    const std::string all = good + one + good + "\x03\0\x01t"s;
    EXPECT_THAT(user_properties(bytes(all)), ElementsAre(Pair("k", "v"))) << testing::PrintToString(one);
    EXPECT_EQ(content_type(bytes(all)), std::nullopt) << testing::PrintToString(one);
  }
}

TEST(MessageProperties, TheOnesThatTravel) {
  std::vector<int> ids;
  for (int id = 0; id <= 0xFF; ++id) {
    if (travels_with_message(static_cast<std::uint8_t>(id))) ids.push_back(id);
  }
  EXPECT_THAT(ids, ElementsAre(0x01, 0x03, 0x08, 0x09, 0x26));
}

}  // namespace
}  // namespace sluice

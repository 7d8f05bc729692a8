// SPDX-License-Identifier: Apache-2.0
// Keys: their bytes, what is read back from them, and their order.
#include <limits>

#include <gtest/gtest.h>

#include "tests/unit/storage_format/records.h"

namespace sluice::storage::test {
namespace {

constexpr SessionId kSession = 0x0102030405060708;
constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

TEST(Keys, Golden) {
  EXPECT_EQ(hex(session_key(kSession)), "0102030405060708");
  EXPECT_EQ(subscription_key(kSession, "a/#"), bytes("0102030405060708 'a/#'"));
  EXPECT_EQ(hex(queue_key(kSession, 0x1112131415161718)), "01020304050607081112131415161718");
  EXPECT_EQ(hex(inbound_key(kSession, 0x2122)), "01020304050607082122");
  EXPECT_EQ(hex(message_key(0x1112131415161718)), "1112131415161718");
  EXPECT_EQ(places_key(kSession), bytes("0102030405060708 'p'"));
  EXPECT_EQ(gateway_key("coap", "k"), bytes("'coap' 00 'k'"));
}

TEST(Keys, QueueKeyReplacesWhatWasThere) {
  std::string key = "something that is longer than the key";
  queue_key(kSession, 7, key);
  EXPECT_EQ(key, queue_key(kSession, 7));
  key.clear();
  queue_key(kSession, 7, key);
  EXPECT_EQ(key, queue_key(kSession, 7));
}

TEST(Keys, PartsReadBack) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, kSession, kHighest}) {
    EXPECT_EQ(session_of(session_key(number)), number);
    EXPECT_EQ(session_of(places_key(number)), number);
    EXPECT_EQ(session_of(subscription_key(number, "f")), number);
    EXPECT_EQ(session_of(inbound_key(number, 3)), number);
    EXPECT_EQ(session_of(queue_key(number, 3)), number);
    EXPECT_EQ(place_of(queue_key(3, number)), number);
    EXPECT_EQ(message_of(message_key(number)), number);
  }
  EXPECT_EQ(packet_id_of(inbound_key(kSession, 65535)), 65535);
  const std::string subscription = subscription_key(kSession, "$share/g/a/#");
  EXPECT_EQ(filter_of(subscription), "$share/g/a/#");
  EXPECT_TRUE(is_places_key(places_key(kSession)));
}

TEST(Keys, OthersAreNone) {
  for (std::size_t size = 0; size < 32; ++size) {
    const std::string key(size, 'p');
    EXPECT_EQ(session_of(key).has_value(), size >= 8) << size;
    EXPECT_EQ(place_of(key).has_value(), size == 16) << size;
    EXPECT_EQ(message_of(key).has_value(), size == 8) << size;
    EXPECT_EQ(filter_of(key).has_value(), size > 8) << size;
    EXPECT_EQ(packet_id_of(key).has_value(), size == 10) << size;
    EXPECT_EQ(is_places_key(key), size == 9) << size;
  }
  EXPECT_FALSE(is_places_key(subscription_key(kSession, "q")));
}

/// As a store compares: unsigned bytes, the shorter first.
void expect_rising(const std::vector<std::string>& keys) {
  for (std::size_t i = 1; i < keys.size(); ++i) {
    EXPECT_LT(std::string_view(keys[i - 1]), std::string_view(keys[i])) << hex(keys[i - 1]) << " " << hex(keys[i]);
  }
}

TEST(Keys, SortAsTheirNumbersDo) {
  std::vector<std::uint64_t> numbers;
  for (unsigned shift = 0; shift < 64; ++shift) {
    numbers.push_back(std::uint64_t{1} << shift);
    if (shift > 1) numbers.push_back((std::uint64_t{1} << shift) + 1);
  }
  numbers.push_back(kHighest);
  std::vector<std::string> sessions;
  std::vector<std::string> places;
  std::vector<std::string> messages;
  for (const std::uint64_t number : numbers) {
    sessions.push_back(session_key(number));
    sessions.push_back(places_key(number));
    places.push_back(queue_key(kSession, number));
    messages.push_back(message_key(number));
  }
  expect_rising(sessions);
  expect_rising(places);
  expect_rising(messages);
  expect_rising(
      {inbound_key(1, 1), inbound_key(1, 255), inbound_key(1, 256), inbound_key(1, 65535), inbound_key(2, 1)});
}

TEST(Keys, ASessionsKeysLieTogether) {
  expect_rising(
      {queue_key(1, 0), queue_key(1, kHighest), queue_key(2, 0), queue_key(255, kHighest), queue_key(256, 0)});
  expect_rising({subscription_key(1, "a"), subscription_key(1, "a/b"), subscription_key(1, "z"),
                 subscription_key(2, "a"), subscription_key(256, "a")});
  EXPECT_TRUE(queue_key(kSession, 5).starts_with(session_key(kSession)));
  EXPECT_TRUE(subscription_key(kSession, "a").starts_with(session_key(kSession)));
  EXPECT_TRUE(inbound_key(kSession, 5).starts_with(session_key(kSession)));
}

TEST(Keys, AGatewaysKeysLieTogether) {
  EXPECT_TRUE(gateway_key("coap", "x").starts_with(gateway_key("coap", "")));
  EXPECT_FALSE(gateway_key("coaps", "x").starts_with(gateway_key("coap", "")));
  expect_rising({gateway_key("coap", "z"), gateway_key("coaps", "a")});
}

}  // namespace
}  // namespace sluice::storage::test

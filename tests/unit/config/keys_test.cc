// SPDX-License-Identifier: Apache-2.0
#include "shared/config/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(KeysTest, PlaceholdersTakeOneSegment) {
  EXPECT_THAT(match_key("listener.tcp.$name", "listener.tcp.external"), Optional(ElementsAre("external")));
  EXPECT_THAT(match_key("listener.tcp.$name.access.$id", "listener.tcp.a-b_1.access.12"),
              Optional(ElementsAre("a-b_1", "12")));
  EXPECT_THAT(match_key("node.name", "node.name"), Optional(IsEmpty()));
}

TEST(KeysTest, WhatDoesNotMatch) {
  EXPECT_FALSE(match_key("listener.tcp.$name", "listener.tcp.external.backlog"));
  EXPECT_FALSE(match_key("listener.tcp.$name", "listener.tcp."));
  EXPECT_FALSE(match_key("listener.tcp.$name", "listener.tcp"));
  EXPECT_FALSE(match_key("auth.user.$id.username", "auth.user.one.username"));
  EXPECT_FALSE(match_key("node.name", "node.names"));
  EXPECT_FALSE(match_key("node.name", "node.name."));
}

TEST(KeysTest, KeysHaveAnAlphabetAndALength) {
  EXPECT_TRUE(is_key("auth.user.$N.username"));
  EXPECT_FALSE(is_key(""));
  EXPECT_FALSE(is_key("a b"));
  EXPECT_FALSE(is_key("{mqtt"));
  EXPECT_TRUE(is_key(std::string(256, 'a')));
  EXPECT_FALSE(is_key(std::string(257, 'a')));
}

TEST(KeysTest, APatternIsFilledFromAKey) {
  EXPECT_EQ(shaped_like("listener.tcp.$name.backlog", "listener.tpc.external.backlog"),
            "listener.tcp.external.backlog");
  EXPECT_EQ(shaped_like("listener.tcp.$name.backlog", "listener.tcp"), "listener.tcp.$name.backlog");
}

TEST(KeysTest, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("sise", "size"), 1U);
}

}  // namespace
}  // namespace sluice

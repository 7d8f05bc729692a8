// SPDX-License-Identifier: Apache-2.0
// What a query to /.well-known/core selects [RFC 6690 4.1].
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "shared/coap/codec/link_format.h"

namespace sluice::coap::test {
namespace {

constexpr std::string_view kCore =
    "</sensors>;ct=\"40 60\";title=\"Sensor Index\","
    "</sensors/temp>;rt=\"temperature-c\";if=\"sensor core.s\","
    "</sensors/light>;rt=\"light-lux core.sen-light\";if=\"sensor\";obs,"
    "<coap://h/foo>;anchor=\"/sensors/temp\";rel=\"describedby\";x=\"a b\"";

std::string selected(std::string_view query) {
  const auto filter = LinkFilter::from(query);
  if (!filter) return "(all)";
  std::string targets;
  for (const Link& link : *parse_links(kCore)) {
    if (filter->matches(link)) targets += std::string(link.target) + " ";
  }
  return targets;
}

TEST(LinkFilter, Rfc6690ExamplesOfSection41) {
  EXPECT_EQ(selected("rt=light-lux"), "/sensors/light ");
  EXPECT_EQ(selected("anchor=/sensors/temp"), "coap://h/foo ");
  EXPECT_EQ(selected("href=/sensors*"), "/sensors /sensors/temp /sensors/light ");
  EXPECT_EQ(selected("href=/sensors"), "/sensors ");
}

TEST(LinkFilter, OneOfTheValuesOfAListHasToMatch) {
  EXPECT_EQ(selected("rt=core.sen-light"), "/sensors/light ");
  EXPECT_EQ(selected("rt=core.*"), "/sensors/light ");
  EXPECT_EQ(selected("if=sensor"), "/sensors/temp /sensors/light ");
  EXPECT_EQ(selected("ct=60"), "/sensors ");
  EXPECT_EQ(selected("rt=light"), "");
  EXPECT_EQ(selected("rt=light-lux core.sen-light"), "");
}

TEST(LinkFilter, OtherAttributesMatchWhole) {
  EXPECT_EQ(selected("title=Sensor Index"), "/sensors ");
  EXPECT_EQ(selected("title=Sensor*"), "/sensors ");
  EXPECT_EQ(selected("title=Index"), "");
  EXPECT_EQ(selected("x=b"), "");
}

TEST(LinkFilter, AStarAloneAsksForTheAttribute) {
  EXPECT_EQ(selected("rel=*"), "coap://h/foo ");
  EXPECT_EQ(selected("obs=*"), "/sensors/light ");
  EXPECT_EQ(selected("nothing=*"), "");
}

TEST(LinkFilter, OnlyTheLastStarIsOne) {
  const auto filter = LinkFilter::from("title=a**");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->pattern, "a*");
  EXPECT_TRUE(filter->prefix);
}

TEST(LinkFilter, WhatIsNoFilterSelectsAll) {
  EXPECT_EQ(selected(""), "(all)");
  EXPECT_EQ(selected("rt"), "(all)");
  EXPECT_EQ(selected("=x"), "(all)");
}

TEST(LinkFilter, ValuesAreComparedWithoutTheirBackslashes) {
  const auto links = parse_links(R"(</a>;title="say \"hi\"")");
  EXPECT_TRUE(LinkFilter::from("title=say \"hi\"")->matches(links->front()));
}

}  // namespace
}  // namespace sluice::coap::test

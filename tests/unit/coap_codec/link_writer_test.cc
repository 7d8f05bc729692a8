// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "shared/coap/codec/link_format.h"

namespace sluice::coap::test {
namespace {

// [RFC 6690 5]
TEST(LinkWriter, WritesTheExamples) {
  std::string out;
  LinkWriter(out)
      .link("/sensors")
      .number("ct", 40)
      .text("title", "Sensor Index")
      .link("/sensors/light")
      .text("rt", "light-lux")
      .text("if", "sensor")
      .flag("obs");
  EXPECT_EQ(out, "</sensors>;ct=40;title=\"Sensor Index\",</sensors/light>;rt=\"light-lux\";if=\"sensor\";obs");
}

TEST(LinkWriter, WhatHasNoFormIsEscapedOrBecomesASpace) {
  std::string out;
  LinkWriter(out).link("/a b>\"\xc3\xa4").text("title", "x\"y\\z\n\x7f\t");
  EXPECT_EQ(out, "</a%20b%3E%22%C3%A4>;title=\"x\\\"y\\\\z  \t\"");
  const auto links = parse_links(out);
  ASSERT_TRUE(links) << links.error().message();
  EXPECT_EQ(links->front().attributes.front().text(), "x\"y\\z  \t");
}

TEST(LinkWriter, WritesWhatWasParsedAsItCame) {
  const std::string text = R"(</1/0>;ver="1.1";ct=40;obs;title="a\"b,c",<>,</3/0>;t*=UTF-8''x)";
  const auto links = parse_links(text);
  ASSERT_TRUE(links);
  std::string out;
  LinkWriter writer(out);
  for (const Link& link : *links) {
    writer.link(link.target);
    for (const LinkAttribute& attribute : link.attributes) writer.attribute(attribute);
  }
  EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace sluice::coap::test

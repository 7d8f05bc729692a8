// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/link_format.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::coap::test {
namespace {

using Form = LinkAttribute::Form;

std::vector<Link> links_of(std::string_view text) {
  auto links = parse_links(text);
  if (!links) {
    ADD_FAILURE() << links.error().message();
    return {};
  }
  return *links;
}

std::string value_of(const Link& link, std::string_view name) {
  const LinkAttribute* const attribute = link.find(name);
  return attribute == nullptr ? "(none)" : attribute->text();
}

// [RFC 6690 5]
TEST(LinkFormat, ExampleOfSeveralLinks) {
  const auto links = links_of(
      "</sensors>;ct=40;title=\"Sensor Index\","
      "</sensors/temp>;rt=\"temperature-c\";if=\"sensor\","
      "</sensors/light>;rt=\"light-lux\";if=\"sensor\","
      "<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel=\"describedby\","
      "</t>;anchor=\"/sensors/temp\";rel=\"alternate\"");
  ASSERT_EQ(links.size(), 5U);
  EXPECT_EQ(links[0].target, "/sensors");
  EXPECT_EQ(value_of(links[0], "ct"), "40");
  EXPECT_EQ(links[0].find("ct")->form, Form::Token);
  EXPECT_EQ(value_of(links[0], "title"), "Sensor Index");
  EXPECT_EQ(links[0].find("title")->form, Form::Quoted);
  EXPECT_EQ(value_of(links[1], "rt"), "temperature-c");
  EXPECT_EQ(links[3].target, "http://www.example.com/sensors/t123");
  EXPECT_EQ(value_of(links[4], "rel"), "alternate");
  EXPECT_EQ(value_of(links[4], "rt"), "(none)");
}

// [RFC 6690 5]
TEST(LinkFormat, ExampleOfAFirmware) {
  const auto links = links_of("</firmware/v2.1>;rt=\"firmware\";sz=262144");
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(value_of(links[0], "sz"), "262144");
}

// What a device of LwM2M 1.1 registers.
TEST(LinkFormat, RegistrationWithVersionsAndLists) {
  const auto links =
      links_of("</>;rt=\"oma.lwm2m\";ct=\"60 110 112\",</1/0>;ver=\"1.1\",</3/0>,</5>;ver=1.0;x=\"a,b;c\",</6/0>");
  ASSERT_EQ(links.size(), 5U);
  EXPECT_EQ(links[0].target, "/");
  EXPECT_EQ(value_of(links[0], "ct"), "60 110 112");
  EXPECT_EQ(value_of(links[1], "ver"), "1.1");
  EXPECT_TRUE(links[2].attributes.empty());
  EXPECT_EQ(value_of(links[3], "ver"), "1.0");
  EXPECT_EQ(value_of(links[3], "x"), "a,b;c");
  EXPECT_EQ(links[4].target, "/6/0");
}

TEST(LinkFormat, NoLinks) {
  EXPECT_TRUE(links_of("").empty());
  EXPECT_EQ(links_of("<>").size(), 1U);
}

TEST(LinkFormat, FlagsStarsAndBackslashes) {
  const auto links = links_of(R"(</a>;obs;title*=UTF-8'de'%c3%a4;title="say \"hi\" \\ ";empty="")");
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].find("obs")->form, Form::Flag);
  EXPECT_EQ(value_of(links[0], "title*"), "UTF-8'de'%c3%a4");
  EXPECT_EQ(value_of(links[0], "title"), R"(say "hi" \ )");
  EXPECT_EQ(links[0].find("empty")->form, Form::Quoted);
  EXPECT_EQ(value_of(links[0], "empty"), "");
}

// [RFC 6690 2, 3.1] a second one of an attribute that may occur once does not count.
TEST(LinkFormat, TheFirstOfANameCounts) { EXPECT_EQ(value_of(links_of("</a>;rt=\"x\";rt=\"y\"")[0], "rt"), "x"); }

TEST(LinkFormat, SpaceBehindSeparatorsIsSkipped) {
  const auto links = links_of("</1/0>; ver=1.1,\r\n </3/0>");
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(value_of(links[0], "ver"), "1.1");
}

struct Malformed {
  std::string text;
  LinkErrc error;
};

TEST(LinkFormat, Malformed) {
  using namespace std::string_literals;
  const std::vector<Malformed> rows{
      {"a", LinkErrc::BadTarget},
      {"<", LinkErrc::BadTarget},
      {"</a", LinkErrc::BadTarget},
      {"</a b>", LinkErrc::BadTarget},
      {"</a\"b>", LinkErrc::BadTarget},
      {"<</a>>", LinkErrc::BadTarget},
      {"</a\0>"s, LinkErrc::BadTarget},
      {"</\xc3\xa4>", LinkErrc::BadTarget},
      {"</a>,", LinkErrc::BadTarget},
      {",</a>", LinkErrc::BadTarget},
      {"</a>,,</b>", LinkErrc::BadTarget},
      {" </a>", LinkErrc::BadTarget},
      {"</a>;", LinkErrc::BadName},
      {"</a>;;x", LinkErrc::BadName},
      {"</a>;=1", LinkErrc::BadName},
      {"</a>;*=1", LinkErrc::BadName},
      {"</a>;\xc3\xa4=1", LinkErrc::BadName},
      {"</a>;ct=", LinkErrc::BadValue},
      {"</a>;ct=,</b>", LinkErrc::BadValue},
      {"</a>;rt=\"x", LinkErrc::BadValue},
      {"</a>;rt=\"x\\", LinkErrc::BadValue},
      {"</a>;rt=\"x\\\"", LinkErrc::BadValue},
      {"</a>;rt=\"x\ny\"", LinkErrc::BadValue},
      {"</a>;rt=\"x\\\ny\"", LinkErrc::BadValue},
      {"</a></b>", LinkErrc::BadSeparator},
      {"</a> ,</b>", LinkErrc::BadSeparator},
      {"</a>;rt=\"x\"y", LinkErrc::BadSeparator},
      {"</a>;ct=4\"0\"", LinkErrc::BadSeparator},
      {"</a>;r t", LinkErrc::BadSeparator},
      {"</a>;rt**=1", LinkErrc::BadSeparator},
  };
  for (const Malformed& row : rows) {
    const auto links = parse_links(row.text);
    ASSERT_FALSE(links) << row.text;
    EXPECT_EQ(links.error(), row.error) << row.text << ": " << links.error().message();
    EXPECT_NE(links.error().message(), "unknown reason");
  }
}

TEST(LinkFormat, Limits) {
  const LinkLimits limits{.bytes = 24, .links = 3, .attributes = 2};
  EXPECT_TRUE(parse_links("<>,<>,<>", limits));
  EXPECT_EQ(parse_links("<>,<>,<>,<>", limits).error(), LinkErrc::TooManyLinks);
  EXPECT_TRUE(parse_links("<>;a;b,<>;a;b", limits));
  EXPECT_EQ(parse_links("<>;a;b;c", limits).error(), LinkErrc::TooManyAttributes);
  EXPECT_TRUE(parse_links("<" + std::string(22, 'a') + ">", limits));
  EXPECT_EQ(parse_links("<" + std::string(23, 'a') + ">", limits).error(), LinkErrc::TooLong);
}

TEST(LinkFormat, TruncatedAtEveryLength) {
  const std::string whole = R"(</1/0>;ver="1.1";ct=40;obs,<>,</3/0>;x="a\"b")";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::string text = whole.substr(0, length);
    const auto links = parse_links(text);
    if (!links) continue;
    // What is left is then a list of its own: no quote is open and no separator or '=' at its end.
    EXPECT_EQ(std::ranges::count(text, '"') % 2 == 0 || length == whole.size(), true) << text;
    EXPECT_EQ(text.find_last_of(",;=<\\") == text.size() - 1 && !text.empty(), false) << text;
  }
}

}  // namespace
}  // namespace sluice::coap::test

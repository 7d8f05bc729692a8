// SPDX-License-Identifier: Apache-2.0
#include "shared/config/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseTest, DurationsAsTheManualWritesThem) {
  EXPECT_EQ(parse_duration("30s"), seconds(30));
  EXPECT_EQ(parse_duration("5m"), minutes(5));
  EXPECT_EQ(parse_duration("2h"), hours(2));
  EXPECT_EQ(parse_duration("100ms"), milliseconds(100));
  EXPECT_EQ(parse_duration("1d"), hours(24));
  EXPECT_EQ(parse_duration("1w"), hours(24 * 7));
  EXPECT_EQ(parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(parse_duration("30"), seconds(30));
  EXPECT_EQ(parse_duration("0"), seconds(0));
}

TEST(ParseTest, WhatIsNoDuration) {
  for (const auto* text : {"", "s", "30x", "-1s", "+1s", "1.5h", "30 s", "30s5", "30S", "1e3", "99999999999999999999",
                           "18446744073709551615w", "36526d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParseTest, Sizes) {
  EXPECT_EQ(parse_size("20KB")->bytes, 20U * 1024);
  EXPECT_EQ(parse_size("64kb")->bytes, 64U * 1024);
  EXPECT_EQ(parse_size("8MB")->bytes, 8U * 1024 * 1024);
  EXPECT_EQ(parse_size("1G")->bytes, 1024U * 1024 * 1024);
  EXPECT_EQ(parse_size("512")->bytes, 512U);
  EXPECT_EQ(parse_size("0")->bytes, 0U);
}

TEST(ParseTest, WhatIsNoSize) {
  for (const auto* text : {"", "KB", "1TB", "64 KB", "-1", "1.5MB", "18446744073709551615KB", "18446744073709551616"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(ParseTest, FlagsNumbersRealsShares) {
  EXPECT_EQ(parse_flag("on"), true);
  EXPECT_EQ(parse_flag("true"), true);
  EXPECT_EQ(parse_flag("off"), false);
  EXPECT_EQ(parse_flag("false"), false);
  EXPECT_FALSE(parse_flag("yes"));
  EXPECT_FALSE(parse_flag(""));
  EXPECT_EQ(parse_number("4294967295"), 4294967295U);
  EXPECT_FALSE(parse_number("4294967296"));
  EXPECT_FALSE(parse_number("-1"));
  EXPECT_FALSE(parse_number("12a"));
  EXPECT_DOUBLE_EQ(parse_real("0.75").value(), 0.75);
  EXPECT_FALSE(parse_real("nan"));
  EXPECT_FALSE(parse_real("inf"));
  EXPECT_DOUBLE_EQ(parse_percent("20%")->fraction, 0.2);
  EXPECT_DOUBLE_EQ(parse_percent("0.6")->fraction, 0.6);
  EXPECT_FALSE(parse_percent("101%"));
  EXPECT_FALSE(parse_percent("%"));
  EXPECT_FALSE(parse_percent("-5%"));
}

TEST(ParseTest, ValuesAreShownWithTheLargestUnit) {
  EXPECT_EQ(format_value(ConfigDuration(hours(2))), "2h");
  EXPECT_EQ(format_value(ConfigDuration(seconds(90))), "90s");
  EXPECT_EQ(format_value(ConfigDuration(milliseconds(100))), "100ms");
  EXPECT_EQ(format_value(ConfigDuration(0)), "0");
  EXPECT_EQ(format_value(64_KB), "64KB");
  EXPECT_EQ(format_value(ByteSize{1500}), "1500");
  EXPECT_EQ(format_value(Percent{0.2}), "20%");
  EXPECT_EQ(format_value(true), "on");
  EXPECT_EQ(format_value(0.75), "0.75");
}

TEST(ParseTest, ProblemsSayWhatToWrite) {
  static constexpr Property<ByteSize> kSize{.name = "a.size", .doc = "", .def = 64_KB, .min = 1_KB, .max = 1_MB};
  EXPECT_THAT(value_problem(&kSize, "64KB"), IsEmpty());
  EXPECT_THAT(value_problem(&kSize, "64XB"), HasSubstr("\"64XB\" is not valid; write a size such as 64KB"));
  EXPECT_THAT(value_problem(&kSize, "2MB"), HasSubstr("out of bounds"));
  EXPECT_THAT(value_problem(&kSize, "2MB"), HasSubstr("from 1KB to 1MB"));

  static constexpr Property<std::string_view> kChoice{.name = "a.choice", .doc = "", .choices = "allow|deny"};
  EXPECT_THAT(value_problem(&kChoice, "deny"), IsEmpty());
  EXPECT_THAT(value_problem(&kChoice, "al"), HasSubstr("one of allow, deny"));
  EXPECT_THAT(value_problem(&kChoice, ""), HasSubstr("one of allow, deny"));
}

TEST(ParseTest, ZeroWithALimitBehindItIsInBoundsAndInfinityIsZero) {
  static constexpr Property<std::uint32_t> kMax{
      .name = "a.max", .doc = "", .def = 10, .min = 1, .max = 100, .zero_means = "a.limit"};
  EXPECT_THAT(value_problem(&kMax, "0"), IsEmpty());
  EXPECT_THAT(value_problem(&kMax, "infinity"), IsEmpty());
  EXPECT_EQ(parse_value(kMax, "infinity"), 0U);
  EXPECT_THAT(value_problem(&kMax, "101"), HasSubstr("from 1 to 100"));
}

TEST(ParseTest, TheTextOfASecretIsNotRepeated) {
  static constexpr Property<std::uint32_t> kPin{.name = "a.pin", .doc = "", .secret = Secret::Yes};
  EXPECT_THAT(value_problem(&kPin, "geheim"), testing::Not(HasSubstr("geheim")));
  EXPECT_THAT(value_problem(&kPin, "geheim"), HasSubstr("not valid"));
}

}  // namespace
}  // namespace sluice

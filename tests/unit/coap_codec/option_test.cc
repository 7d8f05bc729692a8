// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/option.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

constexpr Code kRequest = codes::kPut;

std::string listed(const Options& options) {
  std::string text;
  for (std::size_t index = 0; index < options.size(); ++index) {
    text += std::to_string(options[index].number) + "=" + std::string(options[index].text()) + " ";
  }
  return text;
}

// [RFC 7252 3.1] in the order of their numbers, and those with one number as they were added.
TEST(Options, KeepTheOrderOfNumbersAndOfAdding) {
  Options options;
  options.add(Option::UriQuery, "q").add(Option::UriPath, "a").add(Option::Size1, "s").add(Option::UriPath, "b");
  options.add(Option::IfMatch).add(Option::UriQuery, "r");
  EXPECT_EQ(listed(options), "1= 11=a 11=b 15=q 15=r 60=s ");
  EXPECT_EQ(options.find(Option::UriQuery)->text(), "q");
  EXPECT_FALSE(options.find(Option::ETag));
}

TEST(Options, MoreThanAnyMessageNeeds) {
  Options options;
  for (unsigned index = 0; index < 200; ++index) options.add(Option::UriPath, std::string(index % 7, 'x'));
  options.add(Option::IfMatch, "first");
  ASSERT_EQ(options.size(), 201U);
  EXPECT_EQ(options[0].text(), "first");
  EXPECT_EQ(options[200].value.size(), 199U % 7);
  const Options copy = options;
  EXPECT_EQ(listed(copy), listed(options));
}

// [RFC 7252 3.2] in as few bytes as it needs.
TEST(Options, NumbersAreMinimal) {
  const std::vector<std::pair<std::uint32_t, std::string>> rows{
      {0, ""},
      {1, "01"},
      {255, "ff"},
      {256, "0100"},
      {0x10000, "010000"},
      {0xFFFFFF, "ffffff"},
      {0x1000000, "01000000"},
      {0xFFFFFFFF, "ffffffff"},
  };
  for (const auto& [value, bytes] : rows) {
    Options options;
    options.add(Option::Size1, value);
    EXPECT_EQ(hex(options[0].value), bytes);
    EXPECT_EQ(options[0].uint(), value);
  }
}

// [RFC 7252 3.2] leading zeros must be read.
TEST(OptionView, NumbersMayHaveLeadingZeros) {
  const Bytes bytes = wire("0000002a");
  EXPECT_EQ((OptionView{6, bytes}.uint()), 42U);
  const Bytes long_bytes = wire("000000002a");
  EXPECT_EQ((OptionView{6, long_bytes}.uint()), std::nullopt);
}

TEST(Options, RemoveTakesEveryOneOfANumberAndItsBytes) {
  Options options;
  options.add(Option::UriPath, "a").add(Option::ETag, "tag").add(Option::UriPath, "bc").add(Option::UriQuery, "q");
  options.remove(Option::UriPath);
  EXPECT_EQ(listed(options), "4=tag 15=q ");
  options.remove(Option::UriPath);
  options.add(Option::UriPath, "d");
  EXPECT_EQ(listed(options), "4=tag 11=d 15=q ");
  options.remove(Option::ETag);
  options.remove(Option::UriQuery);
  options.remove(Option::UriPath);
  EXPECT_TRUE(options.empty());
}

TEST(Options, AValueNoDefinitionAllowsIsLeftOut) {
  Options options;
  options.add(Option::ProxyUri, std::string(Options::kMostValue, 'x'));
  options.add(Option::ProxyUri, std::string(Options::kMostValue + 1, 'x'));
  EXPECT_EQ(options.size(), 1U);
}

// [RFC 7252 5.4.1, 5.4.2, table 1 of 12.2]
TEST(OptionNumber, SaysWhatItIs) {
  EXPECT_TRUE(is_critical(static_cast<std::uint16_t>(Option::UriPath)));
  EXPECT_TRUE(is_critical(static_cast<std::uint16_t>(Option::Block1)));
  EXPECT_FALSE(is_critical(static_cast<std::uint16_t>(Option::Observe)));
  EXPECT_TRUE(is_no_cache_key(static_cast<std::uint16_t>(Option::Size1)));
  EXPECT_TRUE(is_no_cache_key(static_cast<std::uint16_t>(Option::Size2)));
  EXPECT_FALSE(is_no_cache_key(static_cast<std::uint16_t>(Option::UriQuery)));
}

struct Rule {
  Option option;
  std::size_t least;
  std::size_t most;
  bool repeatable;
};

// [RFC 7252 5.10, table 4] [RFC 7641 2] [RFC 7959 2.1, 4] [RFC 7967 2] [RFC 8613 2] [RFC 8768 3] [RFC 9175 2.2, 3.2]
// [RFC 9177 4.1]
TEST(OptionRule, OfEveryDefinedOption) {
  const std::vector<Rule> rules{
      {Option::IfMatch, 0, 8, true},         {Option::UriHost, 1, 255, false}, {Option::ETag, 1, 8, true},
      {Option::IfNoneMatch, 0, 0, false},    {Option::Observe, 0, 3, false},   {Option::UriPort, 0, 2, false},
      {Option::LocationPath, 0, 255, true},  {Option::Oscore, 0, 255, false},  {Option::UriPath, 0, 255, true},
      {Option::ContentFormat, 0, 2, false},  {Option::MaxAge, 0, 4, false},    {Option::UriQuery, 0, 255, true},
      {Option::HopLimit, 1, 1, false},       {Option::Accept, 0, 2, false},    {Option::QBlock1, 0, 3, false},
      {Option::LocationQuery, 0, 255, true}, {Option::Block2, 0, 3, false},    {Option::Block1, 0, 3, false},
      {Option::Size2, 0, 4, false},          {Option::QBlock2, 0, 3, true},    {Option::ProxyUri, 1, 1034, false},
      {Option::ProxyScheme, 1, 255, false},  {Option::Size1, 0, 4, false},     {Option::Echo, 1, 40, false},
      {Option::NoResponse, 0, 1, false},     {Option::RequestTag, 0, 8, true},
  };
  const Bytes bytes(1100);
  for (const Rule& rule : rules) {
    const auto number = static_cast<std::uint16_t>(rule.option);
    const auto known = option_rule(kRequest, number);
    ASSERT_TRUE(known) << number;
    EXPECT_EQ(known->repeatable, rule.repeatable) << number;
    const auto fits = [&](std::size_t size) {
      return has_defined_length(kRequest, {number, std::span(bytes).first(size)});
    };
    EXPECT_TRUE(fits(rule.least) && fits(rule.most)) << number;
    EXPECT_FALSE(fits(rule.most + 1)) << number;
    if (rule.least > 0) {
      EXPECT_FALSE(fits(rule.least - 1)) << number;
    }
  }
}

// [RFC 8323 5.3 to 5.6]
TEST(OptionRule, OfSignalsDependsOnTheCode) {
  const Bytes bytes(256);
  const auto fits = [&](Code code, Option option, std::size_t size) {
    return has_defined_length(code, {static_cast<std::uint16_t>(option), std::span(bytes).first(size)});
  };
  EXPECT_TRUE(fits(codes::kCsm, signal_options::kCsmMaxMessageSize, 4));
  EXPECT_FALSE(fits(codes::kCsm, signal_options::kCsmMaxMessageSize, 5));
  EXPECT_TRUE(fits(codes::kCsm, signal_options::kCsmBlockWiseTransfer, 0));
  EXPECT_FALSE(fits(codes::kCsm, signal_options::kCsmBlockWiseTransfer, 1));
  EXPECT_FALSE(fits(codes::kPong, signal_options::kPingCustody, 1));
  EXPECT_FALSE(fits(codes::kRelease, signal_options::kReleaseAlternativeAddress, 0));
  EXPECT_TRUE(fits(codes::kRelease, signal_options::kReleaseAlternativeAddress, 255));
  EXPECT_FALSE(fits(codes::kRelease, signal_options::kReleaseHoldOff, 4));
  EXPECT_FALSE(fits(codes::kAbort, signal_options::kAbortBadCsmOption, 3));
  EXPECT_FALSE(option_rule(codes::kCsm, static_cast<std::uint16_t>(Option::UriPath)));
}

TEST(OptionRule, OfNothingKnownIsEverythingAllowed) {
  const Bytes bytes(2000);
  EXPECT_FALSE(option_rule(kRequest, 2048));
  EXPECT_TRUE(has_defined_length(kRequest, {2048, bytes}));
}

}  // namespace
}  // namespace sluice::coap::test

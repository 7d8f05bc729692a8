// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/uri.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::coap::test {
namespace {

std::vector<OptionView> views(const Options& options) {
  std::vector<OptionView> list;
  for (std::size_t index = 0; index < options.size(); ++index) list.push_back(options[index]);
  return list;
}

std::vector<std::string> texts(const Options& options) {
  std::vector<std::string> list;
  for (const OptionView& option : views(options)) list.emplace_back(option.text());
  return list;
}

Options with_path(std::string_view path) {
  Options options;
  EXPECT_TRUE(add_path(options, path)) << path;
  return options;
}

using Texts = std::vector<std::string>;

// [RFC 7252 appendix B]
TEST(UriPath, ExamplesOfRfc7252) {
  EXPECT_EQ(uri_path({}), "/");
  EXPECT_EQ(uri_path(views(Options().add(Option::UriPath, ".well-known").add(Option::UriPath, "core"))),
            "/.well-known/core");
  EXPECT_EQ(uri_path(views(Options().add(Option::UriPath, "\u3053\u3093\u306b\u3061\u306f"))),
            "/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF");
  Options odd;
  odd.add(Option::UriPath, "").add(Option::UriPath, "/").add(Option::UriPath, "").add(Option::UriPath, "");
  EXPECT_EQ(uri_path(views(odd)), "//%2F//");
}

// [RFC 7252 6.4] the same read the other way round.
TEST(UriPath, IntoOptions) {
  EXPECT_EQ(texts(with_path("")), Texts{});
  EXPECT_EQ(texts(with_path("/")), Texts{});
  EXPECT_EQ(texts(with_path("/.well-known/core")), (Texts{".well-known", "core"}));
  EXPECT_EQ(texts(with_path("a/b")), (Texts{"a", "b"}));
  EXPECT_EQ(texts(with_path("/a/")), (Texts{"a", ""}));
  EXPECT_EQ(texts(with_path("//%2F//")), (Texts{"", "/", "", ""}));
  EXPECT_EQ(texts(with_path("/room%201")), (Texts{"room 1"}));
}

TEST(UriPath, OfLocation) {
  Options options;
  ASSERT_TRUE(add_path(options, "/rd/5a3f", Option::LocationPath));
  EXPECT_EQ(uri_path(views(options), Option::LocationPath), "/rd/5a3f");
  EXPECT_EQ(uri_path(views(options)), "/");
}

// [RFC 7252 5.10.1] [RFC 3986 2.1]
TEST(UriPath, WhatIsNoPathAddsNothing) {
  Options options;
  EXPECT_FALSE(add_path(options, "/a/" + std::string(256, 'x')));
  EXPECT_FALSE(add_path(options, "/a/%zz"));
  EXPECT_FALSE(add_segments(options, "a/" + std::string(256, 'x')));
  EXPECT_TRUE(options.empty());
  std::string encoded;
  for (int index = 0; index < 255; ++index) encoded += "%20";
  EXPECT_TRUE(add_path(options, encoded));  // it is the decoded segment that counts
  EXPECT_EQ(options[0].text(), std::string(255, ' '));
}

TEST(Segments, AreJoinedAndSplitAsTheyAre) {
  for (const std::string topic : {"", "a", "a/b", "/a", "a/", "//", "room%201/state", "\u00fc/\u00e4"}) {
    Options options;
    ASSERT_TRUE(add_segments(options, topic));
    EXPECT_EQ(join_segments(views(options)), topic);
  }
}

TEST(Segments, TheFirstOnesMayBeLeftOut) {
  Options options;
  options.add(Option::UriHost, "h").add(Option::UriPath, "ps").add(Option::UriPath, "a").add(Option::UriPath, "b/c");
  options.add(Option::UriQuery, "q");
  EXPECT_EQ(join_segments(views(options), 1), "a/b/c");
  EXPECT_EQ(join_segments(views(options), 3), "");
  EXPECT_EQ(join_segments(views(options), 0, Option::UriQuery), "q");
}

// [RFC 3986 2.1]
TEST(PercentDecode, EscapesAndNothingElse) {
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a%2Fb%2fc"), "a/b/c");
  EXPECT_EQ(percent_decode("%25"), "%");
  EXPECT_EQ(percent_decode("%2525"), "%25");
  EXPECT_EQ(percent_decode("%00x"), std::string("\0x", 2));
  EXPECT_EQ(percent_decode("%C3%BC"), "\u00fc");
}

TEST(PercentDecode, RefusesWhatHasNoMeaning) {
  for (const std::string_view text : {"%", "%2", "a%", "%g0", "%0g", "%%41", "%-1", "% 1", "100%"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

// [RFC 3986 3.3] every byte comes back, and what comes out is made of pchar.
TEST(PercentEncode, RoundTripOfEveryByte) {
  std::string all;
  for (unsigned byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string encoded;
  append_percent_encoded(encoded, all);
  EXPECT_EQ(encoded.find_first_of(std::string_view("/?#[]\"<>\\^`{|}\0 ", 17)), std::string::npos);
  EXPECT_EQ(percent_decode(encoded), all);
  encoded.clear();
  append_percent_encoded(encoded, "aZ09-._~!$&'()*+,;=:@");
  EXPECT_EQ(encoded, "aZ09-._~!$&'()*+,;=:@");
}

TEST(Query, KeyAndValue) {
  const auto check = [](std::string_view text, std::string_view key, std::optional<std::string_view> value) {
    const QueryParameter parameter = split_query(text);
    EXPECT_EQ(parameter.key, key) << text;
    EXPECT_EQ(parameter.value, value) << text;
  };
  check("", "", std::nullopt);
  check("retain", "retain", std::nullopt);
  check("qos=1", "qos", "1");
  check("qos=", "qos", "");
  check("=1", "", "1");
  check("a=b=c", "a", "b=c");
}

TEST(Query, TheFirstOfAKey) {
  Options options;
  options.add(Option::UriPath, "qos=7").add(Option::UriQuery, "retain").add(Option::UriQuery, "qos=1");
  options.add(Option::UriQuery, "qos=2");
  const auto list = views(options);
  EXPECT_EQ(find_query(list, "qos")->value, "1");
  EXPECT_EQ(find_query(list, "retain")->value, std::nullopt);
  EXPECT_FALSE(find_query(list, "Qos"));
}

}  // namespace
}  // namespace sluice::coap::test

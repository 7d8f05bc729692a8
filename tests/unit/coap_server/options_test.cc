// SPDX-License-Identifier: Apache-2.0
// Options that must be understood, proxies, No-Response, groups [RFC 7252 5.4, 5.7.2, 8.2] [RFC 7967].
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using RequestOptions = ServerTest;

TEST_F(RequestOptions, HandsOverARequestAndAnswersWithItsToken) {
  serve(codes::kContent, "hi");
  Parts parts = request(codes::kFetch);
  parts.payload = bytes_of("question");
  const auto answer = ask(parts);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code(), codes::kContent);
  EXPECT_EQ(answer->payload(), "hi");
  EXPECT_EQ(answer->pdu->token(), parts.token);
  EXPECT_EQ(answer->to.mid, parts.mid);
  EXPECT_FALSE(answer->has(Option::Block2));
  EXPECT_FALSE(answer->has(Option::ETag));
  ASSERT_EQ(handler_.requests.size(), 1U);
  EXPECT_EQ(handler_.requests[0].body, "question");
  EXPECT_EQ(handler_.requests[0].answer_limit, std::numeric_limits<std::size_t>::max());
  EXPECT_TRUE(carrier_.acknowledged.empty());
}

TEST_F(RequestOptions, CriticalOnesThatAreNotUnderstoodAreBadOptions) {
  const struct {
    Option option;
    std::string_view value;
    int times;
  } rows[] = {
      {Option{9}, "x", 1},                  // OSCORE
      {Option{19}, "", 1},                  // Q-Block1 [RFC 9177]
      {Option{65001}, "x", 1},              // nobody's
      {Option::UriHost, "", 1},             // too short
      {Option::UriPort, "123", 1},          // too long
      {Option::IfNoneMatch, "x", 1},        // too long
      {Option::IfMatch, "123456789", 1},    // too long
      {Option::Accept, "123", 1},           // too long
      {Option::Block1, "1234", 1},          // too long
      {Option::Block2, "1234", 1},          // too long
      {Option::UriHost, "example.org", 2},  // once too often
      {Option::Accept, "", 2},
      {Option::Block2, "", 2},
  };
  for (const auto& row : rows) {
    Parts parts = request();
    for (int i = 0; i < row.times; ++i) parts.options.add(row.option, row.value);
    const auto answer = ask(parts);
    const auto number = std::to_string(static_cast<int>(row.option));
    ASSERT_TRUE(answer) << number;
    EXPECT_EQ(answer->code(), codes::kBadOption) << number;
    EXPECT_EQ(answer->payload(), "option " + number + " is not understood");
    EXPECT_FALSE(answer->has(Option::Echo));
    parts = request();
    parts.type = Type::NonConfirmable;
    for (int i = 0; i < row.times; ++i) parts.options.add(row.option, row.value);
    EXPECT_FALSE(ask(parts));
    EXPECT_EQ(carrier_.rejected, std::vector<MessageId>{parts.mid});
    carrier_.rejected.clear();
    EXPECT_FALSE(ask(parts, 1, true));
    EXPECT_TRUE(carrier_.rejected.empty()) << "nothing that came to a group is rejected aloud";
  }
  EXPECT_TRUE(handler_.requests.empty());
}

TEST_F(RequestOptions, OnesThatMayOccurMoreThanOnceAndElectiveOnesAreFine) {
  serve(codes::kContent);
  Parts parts = request(codes::kGet, "a/b/c");
  parts.options.add(Option::UriQuery, "x").add(Option::UriQuery, "y");
  parts.options.add(Option::IfMatch, "1").add(Option::IfMatch, "2");
  parts.options.add(Option{65000}, "x").add(Option{65000}, "y");  // elective and nobody's
  parts.options.add(Option::Size2, "12345");                      // elective and too long
  parts.options.add(Option::MaxAge, "1").add(Option::MaxAge, "2");
  const auto answer = ask(parts);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code(), codes::kContent);
}

TEST_F(RequestOptions, OverAStreamABadOptionIsAnsweredInAnyCase) {
  carrier_.is_reliable = true;
  Parts parts = request();
  parts.type = Type::NonConfirmable;
  parts.options.add(Option{65001}, "x");
  EXPECT_EQ(ask(parts)->code(), codes::kBadOption);
}

TEST_F(RequestOptions, TheServerIsNoProxy) {
  for (const Option option : {Option::ProxyUri, Option::ProxyScheme}) {
    Parts parts = request();
    parts.options.add(option, "coap");
    const auto answer = ask(parts);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->code(), codes::kProxyingNotSupported);
    EXPECT_EQ(answer->payload(), "");
  }
  EXPECT_TRUE(handler_.requests.empty());
}

TEST_F(RequestOptions, TheReservedBlockSizeIsABadRequestAndAnsweredOnce) {
  Parts parts = request();
  parts.options.add(Option::Block1, 7U).add(Option::Block2, 7U);
  EXPECT_EQ(ask(parts)->code(), codes::kBadRequest);  // ask() sees to it that there is one answer
  EXPECT_EQ(get(Block{0, false, 7})->code(), codes::kBadRequest);
  EXPECT_EQ(put({0, true, 7}, "x")->code(), codes::kBadRequest);
  EXPECT_TRUE(handler_.requests.empty());
}

TEST_F(RequestOptions, AnUnverifiedPeerIsToldWhatIsWrongInAsManyBytesAsItMayGet) {
  carrier_.not_verified = {1};
  Parts parts = request();
  parts.options.add(Option{65001}, "");
  const auto answer = ask(parts);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code(), codes::kBadOption);
  EXPECT_EQ(answer->payload(), "") << "a diagnosis would be too long";
  parts = request();
  parts.options.add(Option{65001}, "a longer one");
  EXPECT_NE(ask(parts)->payload(), "");
}

struct Unwanted {
  std::optional<std::uint32_t> option;
  Code code;
  bool heard;
};

TEST_F(RequestOptions, NoResponse) {
  const Unwanted rows[] = {
      {std::nullopt, codes::kChanged, true},
      {0, codes::kChanged, true},
      {2, codes::kChanged, false},
      {2, codes::kNotFound, true},
      {8, codes::kNotFound, false},
      {8, codes::kChanged, true},
      {16, codes::kChanged, true},
      {16, codes::kServiceUnavailable, false},
      {26, codes::kChanged, false},
      {26, codes::kNotFound, false},
      {26, codes::kServiceUnavailable, false},
      {10, codes::kServiceUnavailable, true},
      {24, codes::kChanged, true},
      {127, codes::kChanged, false},
  };
  for (const Unwanted& row : rows) {
    for (const Type type : {Type::Confirmable, Type::NonConfirmable}) {
      serve(row.code);
      Parts parts = request(codes::kPut);
      parts.type = type;
      if (row.option) parts.options.add(Option::NoResponse, *row.option);
      carrier_.acknowledged.clear();
      EXPECT_EQ(ask(parts).has_value(), row.heard) << row.option.value_or(0) << ' ' << row.code.to_string();
      EXPECT_EQ(carrier_.acknowledged.size(), row.heard ? 0U : 1U) << "the carrier knows which have to be";
    }
  }
}

// What a group's member keeps silent of by itself it says to whom wants to hear it [RFC 7967 2.1].
TEST_F(RequestOptions, NoResponseOfAGroup) {
  const Unwanted rows[] = {
      {std::nullopt, codes::kContent, true}, {std::nullopt, codes::kNotFound, false},
      {0, codes::kNotFound, true},           {2, codes::kNotFound, true},
      {2, codes::kContent, false},           {8, codes::kNotFound, false},
      {8, codes::kServiceUnavailable, true},
  };
  for (const Unwanted& row : rows) {
    serve(row.code);
    Parts parts = request();
    parts.type = Type::NonConfirmable;
    if (row.option) parts.options.add(Option::NoResponse, *row.option);
    carrier_.answers.clear();
    static_cast<void>(ask(parts, 1, true));
    clock_.pass(parameters_.default_leisure + std::chrono::seconds(1));
    EXPECT_EQ(!carrier_.answers.empty(), row.heard) << row.option.value_or(99) << ' ' << row.code.to_string();
  }
}

TEST_F(RequestOptions, NoResponseToAnAnswerThatComesLater) {
  Parts parts = request(codes::kPut);
  parts.options.add(Option::NoResponse, 2U);
  EXPECT_FALSE(ask(parts));
  clock_.pass(std::chrono::seconds(1));
  EXPECT_EQ(carrier_.acknowledged.size(), 1U);
  respond(handler_.requests.at(0).exchange, codes::kChanged);
  EXPECT_TRUE(carrier_.answers.empty());
  EXPECT_EQ(carrier_.acknowledged.size(), 1U) << "once is enough";
  EXPECT_EQ(server().pending(), 0U);
}

TEST_F(RequestOptions, NoResponseDoesNotStopTheBlocksOfABody) {
  serve(codes::kChanged);
  for (const bool more : {true, false}) {
    Parts parts = request(codes::kPut);
    parts.options.add(Option::Block1, Block{more ? 0U : 1U, more, 0}.value());
    if (!more) parts.options.add(Option::NoResponse, 2U);  // may stand in some of its blocks only
    parts.payload = bytes_of("0123456789abcdef");
    EXPECT_EQ(ask(parts).has_value(), more);
  }
  ASSERT_EQ(handler_.requests.size(), 1U);
  EXPECT_EQ(handler_.requests[0].body.size(), 32U);
  Parts parts = request(codes::kPut, "b");
  parts.options.add(Option::Block1, Block{0, true, 0}.value()).add(Option::NoResponse, 26U);
  parts.payload = bytes_of("0123456789abcdef");
  EXPECT_EQ(ask(parts)->code(), codes::kContinue);
}

TEST_F(RequestOptions, AGroupIsAnsweredAtLeisureAndOnlyWithGoodNews) {
  serve(codes::kContent, "hi");
  Parts parts = request();
  parts.type = Type::NonConfirmable;
  for (int i = 0; i < 100; ++i) {
    parts.mid = static_cast<MessageId>(i);
    EXPECT_FALSE(ask(parts, 1, true));
  }
  EXPECT_TRUE(handler_.requests.at(0).multicast);
  clock_.pass(parameters_.default_leisure / 2);
  EXPECT_GT(carrier_.answers.size(), 20U);
  EXPECT_LT(carrier_.answers.size(), 80U);
  clock_.pass(parameters_.default_leisure);
  EXPECT_EQ(carrier_.answers.size(), 100U);
  EXPECT_EQ(carrier_.answers.back().payload(), "hi");
  EXPECT_EQ(carrier_.answers.back().to.type, Type::NonConfirmable);

  serve(codes::kNotFound);
  EXPECT_FALSE(ask(parts, 1, true));
  clock_.pass(2 * parameters_.default_leisure);
  EXPECT_EQ(carrier_.answers.size(), 100U);
  EXPECT_TRUE(carrier_.acknowledged.empty());
}

TEST_F(RequestOptions, AnswersToGroupsAreBounded) {
  serve(codes::kContent, "hi");
  Parts parts = request();
  parts.type = Type::NonConfirmable;
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(ask(parts, 1, true));
  clock_.pass(2 * parameters_.default_leisure);
  EXPECT_LE(carrier_.answers.size(), 256U);
}

}  // namespace
}  // namespace sluice::coap::testing

// SPDX-License-Identifier: Apache-2.0
// Bodies that come in blocks [RFC 7959 2.5, 2.9] [RFC 9175 3].
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

constexpr std::size_t kOverhead = 256;

class Uploads : public ServerTest {
 protected:
  Uploads() { serve(codes::kChanged); }
  /// Block `number` of a body of 16-byte blocks that is `text`.
  std::optional<Answer> block(std::string_view text, std::uint32_t number, std::uint32_t from = 1,
                              std::string_view path = "a") {
    const std::size_t offset = std::size_t{number} * 16;
    return put({number, offset + 16 < text.size(), 0}, text.substr(offset, 16), from, path);
  }
  std::string last_body() { return handler_.requests.empty() ? "none" : handler_.requests.back().body; }

  const std::string text_ = large_text(56);
};

TEST_F(Uploads, AreHandedOverWhole) {
  for (std::uint32_t number = 0; number < 3; ++number) {
    const auto answer = block(text_, number);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->code(), codes::kContinue);
    EXPECT_EQ(answer->block(Option::Block1), (Block{number, true, 0}));
    EXPECT_EQ(answer->payload(), "");
    EXPECT_TRUE(handler_.requests.empty());
  }
  const auto answer = block(text_, 3);
  EXPECT_EQ(answer->code(), codes::kChanged);
  EXPECT_EQ(answer->block(Option::Block1), (Block{3, false, 0}));
  EXPECT_EQ(last_body(), text_);
  EXPECT_EQ(server().uploads().count(), 0U);
  EXPECT_EQ(server().uploads().bytes(), 0U);
}

TEST_F(Uploads, OneBlockIsABody) {
  EXPECT_EQ(put({0, false, 2}, "short")->block(Option::Block1), (Block{0, false, 2}));
  EXPECT_EQ(last_body(), "short");
  EXPECT_EQ(put({0, false, 2}, "")->code(), codes::kChanged);
  EXPECT_EQ(last_body(), "");
}

// [RFC 7959 2.3, figure 8]
TEST_F(Uploads, GoOnInTheSmallerSizeThatTheServerWants) {
  settings_.blocks.size_exponent = 1;
  const std::string text = large_text(300);
  EXPECT_EQ(put({0, true, 3}, text.substr(0, 128))->block(Option::Block1), (Block{0, true, 1}));
  EXPECT_EQ(put({4, true, 1}, text.substr(128, 32))->block(Option::Block1), (Block{4, true, 1}));
  for (std::uint32_t number = 5; number < 9; ++number) {
    EXPECT_EQ(put({number, true, 1}, text.substr(number * 32, 32))->code(), codes::kContinue);
  }
  EXPECT_EQ(put({9, false, 1}, text.substr(288))->code(), codes::kChanged);
  EXPECT_EQ(last_body(), text);
}

TEST_F(Uploads, GoOnInTheirOwnSizeToo) {
  settings_.blocks.size_exponent = 1;
  const std::string text = large_text(300);
  static_cast<void>(put({0, true, 3}, text.substr(0, 128)));
  static_cast<void>(put({1, true, 3}, text.substr(128, 128)));
  EXPECT_EQ(put({2, false, 3}, text.substr(256))->code(), codes::kChanged);
  EXPECT_EQ(last_body(), text);
}

TEST_F(Uploads, AGapIsIncompleteAndEndsIt) {
  static_cast<void>(block(text_, 0));
  const auto answer = block(text_, 2);
  EXPECT_EQ(answer->code(), codes::kRequestEntityIncomplete);
  EXPECT_FALSE(answer->has(Option::Block1));
  EXPECT_EQ(server().uploads().count(), 0U);
  EXPECT_EQ(block(text_, 1)->code(), codes::kRequestEntityIncomplete);
  EXPECT_TRUE(handler_.requests.empty());
}

TEST_F(Uploads, WithoutABeginningAreIncomplete) {
  EXPECT_EQ(block(text_, 3)->code(), codes::kRequestEntityIncomplete);
  EXPECT_EQ(server().uploads().bytes(), 0U);
}

TEST_F(Uploads, TheFirstBlockBeginsAgain) {
  static_cast<void>(block(text_, 0));
  static_cast<void>(block(text_, 1));
  const std::string other(40, 'x');
  for (std::uint32_t number = 0; number < 3; ++number) static_cast<void>(block(other, number));
  EXPECT_EQ(last_body(), other);
}

TEST_F(Uploads, TheBlockThatCameLastMayComeAgain) {
  static_cast<void>(block(text_, 0));
  EXPECT_EQ(block(text_, 0)->code(), codes::kContinue);
  static_cast<void>(block(text_, 1));
  EXPECT_EQ(block(text_, 1)->code(), codes::kContinue);
  EXPECT_EQ(block(text_, 1)->block(Option::Block1), (Block{1, true, 0}));
  static_cast<void>(block(text_, 2));
  static_cast<void>(block(text_, 3));
  EXPECT_EQ(last_body(), text_);
}

TEST_F(Uploads, OneBeforeTheLastMayNot) {
  for (std::uint32_t number = 0; number < 3; ++number) static_cast<void>(block(text_, number));
  EXPECT_EQ(block(text_, 1)->code(), codes::kRequestEntityIncomplete);
}

TEST_F(Uploads, BlocksThatAreNotAsLongAsTheySayAreBadRequests) {
  EXPECT_EQ(put({0, true, 0}, "")->code(), codes::kBadRequest);
  EXPECT_EQ(put({0, true, 0}, "123456789012345")->code(), codes::kBadRequest);
  EXPECT_EQ(put({0, true, 0}, "12345678901234567")->code(), codes::kBadRequest);
  EXPECT_EQ(put({0, true, 0}, large_text(32))->code(), codes::kBadRequest);
  EXPECT_EQ(put({0, false, 0}, "12345678901234567")->code(), codes::kBadRequest);
  EXPECT_EQ(server().uploads().count(), 0U);
  EXPECT_TRUE(handler_.requests.empty());
}

TEST_F(Uploads, ABodyThatIsAnnouncedTooLargeCostsNothing) {
  settings_.blocks.max_body_size = 1000;
  Parts parts = request(codes::kPut);
  parts.options.add(Option::Block1, Block{0, true, 0}.value()).add(Option::Size1, 1'000'000'000U);
  parts.payload = bytes_of("0123456789abcdef");
  const auto answer = ask(parts);
  EXPECT_EQ(answer->code(), codes::kRequestEntityTooLarge);
  EXPECT_EQ(answer->number(Option::Size1), 1000U);
  EXPECT_EQ(server().uploads().bytes(), 0U);
  // A block far behind.
  EXPECT_EQ(put({Block::kMostNumber, true, 6}, large_text(1024))->code(), codes::kRequestEntityTooLarge);
  EXPECT_EQ(server().uploads().bytes(), 0U);
}

TEST_F(Uploads, ABodyThatBecomesTooLargeIsForgotten) {
  settings_.blocks.max_body_size = 40;
  static_cast<void>(block(text_, 0));
  static_cast<void>(block(text_, 1));
  EXPECT_EQ(block(text_, 2)->code(), codes::kRequestEntityTooLarge);
  EXPECT_EQ(server().uploads().count(), 0U);
  EXPECT_EQ(server().uploads().bytes(), 0U);
  EXPECT_TRUE(handler_.requests.empty());
}

TEST_F(Uploads, GrowWithWhatComesAndNeverPastTheLargestBody) {
  settings_.blocks.max_body_size = 100 * 1024;
  const std::string text = large_text(100 * 1024);
  Parts parts = request(codes::kPut);
  for (std::uint32_t number = 0; number < 99; ++number) {
    parts = request(codes::kPut);
    parts.options.add(Option::Block1, Block{number, true, 6}.value()).add(Option::Size1, 100U * 1024);
    parts.payload = bytes_of(text).subspan(number * 1024, 1024);
    ASSERT_EQ(ask(parts)->code(), codes::kContinue);
    const std::size_t came = (number + 1) * 1024;
    EXPECT_GE(server().uploads().bytes(), came + kOverhead);
    EXPECT_LE(server().uploads().bytes(), std::min<std::size_t>(2 * came, 100 * 1024) + kOverhead);
  }
  EXPECT_EQ(put({99, false, 6}, text.substr(99 * 1024))->code(), codes::kChanged);
  EXPECT_EQ(last_body(), text);
  EXPECT_EQ(server().uploads().bytes(), 0U);
}

TEST_F(Uploads, OfOnePeerAreBoundedAndTheOldestGoes) {
  static_cast<void>(block(text_, 0, 1, "a"));
  clock_.pass(seconds(1));
  static_cast<void>(block(text_, 0, 1, "b"));
  clock_.pass(seconds(1));
  static_cast<void>(block(text_, 0, 2, "a"));
  static_cast<void>(block(text_, 1, 1, "a"));
  static_cast<void>(block(text_, 0, 1, "c"));
  EXPECT_EQ(server().uploads().count(), 3U);
  EXPECT_EQ(block(text_, 1, 1, "b")->code(), codes::kRequestEntityIncomplete);
  EXPECT_EQ(block(text_, 2, 1, "a")->code(), codes::kContinue);
  EXPECT_EQ(block(text_, 1, 2, "a")->code(), codes::kContinue);
}

TEST_F(Uploads, OverTheTotalTheStalledOnesGo) {
  settings_.blocks.total_bytes = 3 * (kOverhead + 16);
  for (std::uint32_t from = 1; from <= 3; ++from) EXPECT_EQ(block(text_, 0, from)->code(), codes::kContinue);
  auto answer = block(text_, 0, 4);
  EXPECT_EQ(answer->code(), codes::kServiceUnavailable);
  EXPECT_EQ(answer->number(Option::MaxAge), 10U);
  EXPECT_FALSE(answer->has(Option::Block1));
  EXPECT_EQ(block(text_, 1, 1)->code(), codes::kServiceUnavailable) << "nor is there room for more of one";
  EXPECT_EQ(server().uploads().count(), 3U);
  clock_.jump(seconds(11));
  EXPECT_EQ(block(text_, 0, 4)->code(), codes::kContinue);
  EXPECT_EQ(server().uploads().count(), 3U);
  EXPECT_LE(server().uploads().bytes(), settings_.blocks.total_bytes);
  EXPECT_EQ(block(text_, 1, 2)->code(), codes::kRequestEntityIncomplete) << "was silent longest";
}

// [RFC 9175 2.4]
TEST_F(Uploads, WhoIsWhereItSaysGoesBeforeThoseWhoMayNotBe) {
  settings_.blocks.total_bytes = 3 * (kOverhead + 16);
  carrier_.not_verified = {1, 2, 3, 4};
  for (std::uint32_t from = 1; from <= 3; ++from) EXPECT_EQ(block(text_, 0, from)->code(), codes::kContinue);
  const auto challenge = block(text_, 0, 4);
  EXPECT_EQ(challenge->code(), codes::kUnauthorized);
  EXPECT_TRUE(challenge->has(Option::Echo));
  for (std::uint32_t from = 5; from <= 7; ++from) EXPECT_EQ(block(text_, 0, from)->code(), codes::kContinue);
  EXPECT_EQ(block(text_, 0, 8)->code(), codes::kServiceUnavailable) << "nobody is left who would have to go";
  EXPECT_EQ(block(text_, 1, 1)->code(), codes::kRequestEntityIncomplete) << "its place is another's";
  EXPECT_LE(server().uploads().bytes(), settings_.blocks.total_bytes);
}

TEST_F(Uploads, WhoMayNotBeWhereItSaysEndsNobodysWhoIsProved) {
  settings_.blocks.total_bytes = 2 * (kOverhead + 32);
  carrier_.not_verified = {2, 3};
  EXPECT_EQ(block(text_, 0, 1)->code(), codes::kContinue);
  clock_.jump(seconds(11));
  EXPECT_EQ(block(text_, 0, 2)->code(), codes::kContinue);
  EXPECT_EQ(block(text_, 0, 3)->code(), codes::kUnauthorized);
  EXPECT_EQ(block(text_, 1, 1)->code(), codes::kContinue) << "it has paused, but it is there";
}

TEST_F(Uploads, WithoutEchoNobodyIsAskedForIt) {
  settings_.blocks.total_bytes = kOverhead + 16;
  settings_.echo = EchoPolicy::Off;
  carrier_.not_verified = {1, 2};
  static_cast<void>(block(text_, 0, 1));
  EXPECT_EQ(block(text_, 0, 2)->code(), codes::kServiceUnavailable);
}

// It must not stand in its own way when it goes on after a pause.
TEST_F(Uploads, OneThatGoesOnGetsTheRoomOfThoseThatDoNot) {
  settings_.blocks.total_bytes = 3 * (kOverhead + 16);
  for (std::uint32_t from = 1; from <= 3; ++from) static_cast<void>(block(text_, 0, from));
  clock_.jump(seconds(11));
  EXPECT_EQ(block(text_, 1, 1)->code(), codes::kContinue);
  EXPECT_EQ(server().uploads().count(), 2U);
}

TEST_F(Uploads, TimeOut) {
  static_cast<void>(block(text_, 0));
  clock_.pass(seconds(200));
  static_cast<void>(block(text_, 1));
  clock_.pass(seconds(240));
  EXPECT_EQ(server().uploads().count(), 1U);
  clock_.pass(seconds(15));
  EXPECT_EQ(server().uploads().count(), 0U);
  EXPECT_EQ(server().uploads().bytes(), 0U);
}

TEST_F(Uploads, GoWithTheirPeer) {
  static_cast<void>(block(text_, 0, 1));
  static_cast<void>(block(text_, 0, 1, "b"));
  static_cast<void>(block(text_, 0, 2));
  server().on_peer_gone(peer(1));
  EXPECT_EQ(server().uploads().count(), 1U);
  EXPECT_EQ(handler_.gone, std::vector<PeerId>{peer(1)});
  server().on_peer_gone(peer(3));
}

TEST_F(Uploads, ARequestTagAPathAndAMethodMakeThemDifferent) {
  settings_.blocks.per_peer = 10;
  const auto send = [&](Code code, std::string_view path, std::string_view tag, std::uint32_t number) {
    Parts parts = request(code, path);
    if (!tag.empty()) parts.options.add(Option::RequestTag, tag);
    parts.options.add(Option::Block1, Block{number, number == 0, 0}.value());
    if (number == 0) parts.options.add(Option::Size1, 17U);  // differs from block to block
    const std::string body = std::string(tag) + std::string(path) + std::string(16, '.');
    parts.payload = bytes_of(body).first(number == 0 ? 16 : 1);
    return ask(parts)->code();
  };
  for (const std::uint32_t number : {0U, 1U}) {
    const Code expected = number == 0 ? codes::kContinue : codes::kChanged;
    EXPECT_EQ(send(codes::kPut, "a", "", number), expected);
    EXPECT_EQ(send(codes::kPost, "a", "", number), expected);
    EXPECT_EQ(send(codes::kPut, "b", "", number), expected);
    EXPECT_EQ(send(codes::kPut, "a", "t1", number), expected);
    EXPECT_EQ(send(codes::kPut, "a", "t2", number), expected);
  }
  EXPECT_EQ(handler_.requests.size(), 5U);
}

TEST_F(Uploads, TheAnswerToTheLastBlockCarriesItsNumberWhateverItSays) {
  serve(codes::kForbidden);
  static_cast<void>(block(text_, 0));
  static_cast<void>(block(text_, 1));
  static_cast<void>(block(text_, 2));
  const auto answer = block(text_, 3);
  EXPECT_EQ(answer->code(), codes::kForbidden);
  EXPECT_EQ(answer->block(Option::Block1), (Block{3, false, 0}));
}

// With the block size of its answer asked for early [RFC 7959 3.3].
TEST_F(Uploads, WhatSaysGoOnHasNoBlockOfItsOwn) {
  serve(codes::kChanged, large_text(40));
  for (std::uint32_t number = 0; number < 2; ++number) {
    Parts parts = request(codes::kPost);
    parts.options.add(Option::Block1, Block{number, number == 0, 0}.value());
    parts.options.add(Option::Block2, Block{0, false, 0}.value());
    parts.payload = bytes_of("0123456789abcdef");
    const auto answer = ask(parts);
    EXPECT_EQ(answer->has(Option::Block2), number == 1);
    EXPECT_EQ(answer->has(Option::ETag), number == 1);
    EXPECT_EQ(answer->has(Option::Size2), number == 1);
  }
  Parts parts = request(codes::kPost);
  parts.options.add(Option::Block2, Block{1, false, 0}.value());
  EXPECT_EQ(ask(parts)->payload(), large_text(40).substr(16, 16));
  EXPECT_EQ(handler_.requests.size(), 1U);
}

TEST_F(Uploads, SeveralBlocksInAMessageOfAStream) {
  carrier_.is_reliable = true;
  carrier_.block = Block::kBert;
  carrier_.message = 8192;
  const std::string text = large_text(7000);
  EXPECT_EQ(put({0, true, 7}, text.substr(0, 4096))->block(Option::Block1), (Block{0, true, 7}));
  EXPECT_EQ(put({4, true, 7}, text.substr(4096, 1000))->code(), codes::kBadRequest);
  EXPECT_EQ(put({4, true, 7}, text.substr(4096, 2048))->code(), codes::kContinue);
  EXPECT_EQ(put({6, false, 7}, text.substr(6144))->code(), codes::kChanged);
  EXPECT_EQ(last_body(), text);
}

TEST_F(Uploads, AHundredThousandHalfDoneOnesStayWithinTheBounds) {
  settings_.blocks.total_bytes = 4 * 1024 * 1024;
  const std::string text = large_text(2048);
  for (std::uint32_t from = 1; from <= 100'000; ++from) {
    if (from % 1000 == 0) clock_.jump(seconds(1));
    static_cast<void>(put({0, true, 6}, std::string_view(text).substr(0, 1024), from));
    carrier_.answers.clear();
  }
  EXPECT_LE(server().uploads().bytes(), settings_.blocks.total_bytes);
  clock_.jump(seconds(11));
  EXPECT_EQ(put({0, true, 6}, std::string_view(text).substr(0, 1024), 200'000)->code(), codes::kContinue);
  clock_.pass(seconds(300));
  EXPECT_EQ(server().uploads().count(), 0U);
}

}  // namespace
}  // namespace sluice::coap::testing

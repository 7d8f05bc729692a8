// SPDX-License-Identifier: Apache-2.0
// Representations that go out in blocks, notifications [RFC 7959 2.4, 2.6] [RFC 7641 4.2] [RFC 8323 6].
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

class Downloads : public ServerTest {
 protected:
  /// Fetches the rest of what `first` began, in its block size.
  std::string rest_of(const Answer& first, std::uint32_t from = 1) {
    std::string all = first.payload();
    Block block = *first.block(Option::Block2);
    while (block.more) {
      const auto next = get(Block{block.number + 1, false, block.size_exponent}, from);
      EXPECT_EQ(next->text(Option::ETag), first.text(Option::ETag));
      EXPECT_EQ(next->code(), first.code());
      EXPECT_FALSE(next->has(Option::Observe));
      block = *next->block(Option::Block2);
      all += next->payload();
    }
    return all;
  }
  void observe(std::string_view body, std::uint32_t sequence, std::uint32_t to = 1) {
    Response notification{codes::kContent, {}, {bytes_of(body), nullptr}};
    notification.options.add(Option::Observe, sequence);
    EXPECT_EQ(server().notify(peer(to), Token::from(bytes_of("ob")), handler_.requests.at(0).representation,
                              notification, Carrier::Confirm::No, {}),
              Carrier::Sent::Yes);
  }

  const std::string text_ = large_text(5000);
};

TEST_F(Downloads, OverABlockComeInBlocks) {
  serve(codes::kContent, text_);
  const auto first = get();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->block(Option::Block2), (Block{0, true, 6}));
  EXPECT_EQ(first->number(Option::Size2), 5000U);
  EXPECT_EQ(first->text(Option::ETag).size(), 8U);
  EXPECT_EQ(rest_of(*first), text_);
  EXPECT_EQ(handler_.requests.size(), 1U) << "the rest is kept";
}

TEST_F(Downloads, OfOneBlockComeWhole) {
  serve(codes::kContent, text_.substr(0, 1024));
  const auto whole = get();
  EXPECT_EQ(whole->payload().size(), 1024U);
  EXPECT_FALSE(whole->has(Option::Block2));
  serve(codes::kContent, text_.substr(0, 1025));
  EXPECT_EQ(get()->block(Option::Block2), (Block{0, true, 6}));
}

TEST_F(Downloads, InTheSizeThatTheClientAsksFor) {
  serve(codes::kContent, text_);
  for (std::uint8_t exponent = 0; exponent <= 6; ++exponent) {
    const auto first = get(Block{0, false, exponent});
    EXPECT_EQ(first->block(Option::Block2), (Block{0, true, exponent}));
    EXPECT_EQ(rest_of(*first), text_);
  }
  serve(codes::kContent, "short");
  EXPECT_EQ(get(Block{0, false, 2})->block(Option::Block2), (Block{0, false, 2}));
}

TEST_F(Downloads, InTheSizeThatTheServerWantsIfThatIsSmaller) {
  settings_.blocks.size_exponent = 2;
  serve(codes::kContent, text_);
  const auto first = get(Block{0, false, 5});
  EXPECT_EQ(first->block(Option::Block2), (Block{0, true, 2}));
  EXPECT_EQ(rest_of(*first), text_);
  // A client that goes on in its own size is somewhere in the middle [RFC 7959 2.4].
  static_cast<void>(get());
  const auto second = get(Block{1, false, 5});
  EXPECT_EQ(second->block(Option::Block2), (Block{8, true, 2}));
  EXPECT_EQ(second->payload(), text_.substr(512, 64));
}

TEST_F(Downloads, ThatChangeAreNotMixed) {
  serve(codes::kContent, text_);
  const auto first = get();
  serve(codes::kContent, std::string(5000, 'x'));
  EXPECT_EQ(rest_of(*first), text_);
  const auto second = get();
  EXPECT_NE(second->text(Option::ETag), first->text(Option::ETag));
  EXPECT_EQ(rest_of(*second), std::string(5000, 'x'));
}

TEST_F(Downloads, AreOfOnePeerOnly) {
  serve(codes::kContent, text_);
  const auto first = get({}, 1);
  serve(codes::kContent, std::string(5000, 'x'));
  const auto second = get({}, 2);
  EXPECT_EQ(rest_of(*first, 1), text_);
  EXPECT_EQ(rest_of(*second, 2), std::string(5000, 'x'));
}

TEST_F(Downloads, AnotherMethodDoesNotGetThem) {
  serve(codes::kContent, text_);
  static_cast<void>(get());
  serve(codes::kDeleted);
  Parts parts = request(codes::kDelete);
  parts.options.add(Option::Block2, Block{1, false, 6}.value());
  EXPECT_EQ(ask(parts)->code(), codes::kBadRequest);
  EXPECT_EQ(handler_.requests.back().code, codes::kGet);
}

TEST_F(Downloads, WhatIsNotSafeIsNotDoneAgainForTheRestOfItsAnswer) {
  serve(codes::kChanged, text_);
  Parts parts = request(codes::kPost);
  const auto first = ask(parts);
  EXPECT_EQ(first->block(Option::Block2), (Block{0, true, 6}));
  parts.options.add(Option::Block2, Block{1, false, 6}.value());
  EXPECT_EQ(ask(parts)->payload(), text_.substr(1024, 1024));
  clock_.pass(2 * settings_.blocks.timeout);
  EXPECT_EQ(ask(parts)->code(), codes::kBadRequest);
  EXPECT_EQ(handler_.requests.size(), 1U);
}

TEST_F(Downloads, WhatIsAcceptedTellsThemApart) {
  handler_.serve = [this](const FakeHandler::Seen& seen) {
    respond(seen.exchange, codes::kContent, seen.representation % 2 != 0 ? text_ : large_text(6000));
  };
  std::set<std::uint64_t> all;
  for (const std::uint32_t format : {0U, 40U, 50U, 60U}) {
    Parts parts = request();
    parts.options.add(Option::Accept, format);
    static_cast<void>(ask(parts));
    all.insert(handler_.requests.back().representation);
  }
  EXPECT_EQ(all.size(), 4U);
}

TEST_F(Downloads, ThePastTheEndIsABadRequest) {
  serve(codes::kContent, text_);
  EXPECT_EQ(get(Block{5, false, 6})->code(), codes::kBadRequest);
  EXPECT_EQ(get(Block{Block::kMostNumber, false, 6})->code(), codes::kBadRequest);
  static_cast<void>(get());
  EXPECT_EQ(get(Block{5, false, 6})->code(), codes::kBadRequest);
  EXPECT_EQ(get(Block{4, false, 6})->code(), codes::kContent);
  serve(codes::kContent, "");
  EXPECT_EQ(get(Block{0, false, 6})->code(), codes::kContent);
  EXPECT_EQ(get(Block{1, false, 6})->code(), codes::kBadRequest);
  serve(codes::kContent, text_.substr(0, 2048));
  EXPECT_EQ(get(Block{2, false, 6})->code(), codes::kBadRequest) << "just behind the last one";
}

TEST_F(Downloads, ErrorsAndWhatIsValidAreNotCut) {
  serve(codes::kNotFound, std::string(2000, 'x'));
  EXPECT_FALSE(get(Block{1, false, 2})->has(Option::Block2));
  serve(codes::kValid);
  const auto valid = get(Block{1, false, 2});
  EXPECT_EQ(valid->code(), codes::kValid);
  EXPECT_FALSE(valid->has(Option::Block2));
  EXPECT_FALSE(valid->has(Option::Size2));
}

TEST_F(Downloads, AnETagOfTheHandlerStays) {
  handler_.serve = [this](const FakeHandler::Seen& seen) {
    Response response{codes::kContent, {}, {bytes_of(text_), nullptr}};
    response.options.add(Option::ETag, "mine").add(Option::ContentFormat, 40U);
    server().respond(seen.exchange, response);
  };
  const auto first = get();
  EXPECT_EQ(first->text(Option::ETag), "mine");
  const auto second = get(Block{1, false, 6});
  EXPECT_EQ(second->text(Option::ETag), "mine");
  EXPECT_EQ(second->number(Option::ContentFormat), 40U);
  EXPECT_FALSE(second->has(Option::Size2));
  Parts parts = request();
  parts.options.add(Option::Block2, Block{2, false, 6}.value()).add(Option::Size2, 0U);
  EXPECT_EQ(ask(parts)->number(Option::Size2), 5000U) << "where it is asked for";
}

TEST_F(Downloads, WhoseKeptOneIsForgottenGetsWhatThereIsThen) {
  serve(codes::kContent, text_);
  const auto first = get();
  clock_.pass(seconds(300));
  const auto second = get(Block{1, false, 6});
  EXPECT_EQ(handler_.requests.size(), 2U);
  EXPECT_EQ(second->payload(), text_.substr(1024, 1024));
  EXPECT_EQ(second->text(Option::ETag), first->text(Option::ETag)) << "it is still the same";
}

TEST_F(Downloads, AreBoundedInBytes) {
  settings_.blocks.total_bytes = 20'000;
  serve(codes::kContent, text_);
  for (std::uint32_t from = 1; from <= 10; ++from) static_cast<void>(get({}, from));
  handler_.requests.clear();
  for (std::uint32_t from = 8; from <= 10; ++from) static_cast<void>(get(Block{1, false, 6}, from));
  EXPECT_TRUE(handler_.requests.empty());
  static_cast<void>(get(Block{1, false, 6}, 7));
  EXPECT_EQ(handler_.requests.size(), 1U) << "the one that was asked for longest ago";
}

TEST_F(Downloads, NotificationsGoOnWithTheNewRepresentation) {
  serve(codes::kContent, "short");
  Parts parts = request();
  parts.options.add(Option::Observe, 0U);
  static_cast<void>(ask(parts));
  observe(text_, 5);
  const Answer first = carrier_.answers.back();
  EXPECT_EQ(first.number(Option::Observe), 5U);
  EXPECT_EQ(first.block(Option::Block2), (Block{0, true, 6}));
  EXPECT_EQ(first.pdu->token(), Token::from(bytes_of("ob")));
  EXPECT_EQ(rest_of(first), text_);
  EXPECT_EQ(handler_.requests.size(), 1U);

  // A newer one takes the place of the older one: the client sees by the ETag that it has to begin again.
  observe(text_, 6);
  const std::string newer(5000, 'y');
  observe(newer, 7);
  const Answer second = carrier_.answers.back();
  EXPECT_EQ(rest_of(second), newer);
}

// [RFC 7959 3.4, figure 13]
TEST_F(Downloads, NotificationsComeInTheSizeThatTheObserverAskedFor) {
  const Response notification{codes::kContent, {}, {bytes_of(text_), nullptr}};
  for (const bool stream : {false, true}) {
    carrier_.message = stream ? 8192 : 0;
    static_cast<void>(server().notify(peer(), {}, 1, notification, Carrier::Confirm::No, {}, 2));
    EXPECT_EQ(carrier_.answers.back().block(Option::Block2), (Block{0, true, 2}));
    EXPECT_EQ(carrier_.answers.back().payload(), text_.substr(0, 64));
  }
  const Response small{codes::kContent, {}, {bytes_of("small"), nullptr}};
  static_cast<void>(server().notify(peer(), {}, 1, small, Carrier::Confirm::No, {}, 2));
  EXPECT_FALSE(carrier_.answers.back().has(Option::Block2));
}

TEST_F(Downloads, WhoIsGoneIsNotNotified) {
  carrier_.gone = {1};
  const Response notification{codes::kContent, {}, {bytes_of(text_), nullptr}};
  EXPECT_EQ(server().notify(peer(1), {}, 1, notification, Carrier::Confirm::Yes, {}), Carrier::Sent::Refused);
  EXPECT_TRUE(carrier_.answers.empty());
}

TEST_F(Downloads, OverAStreamAMessageHoldsWhatItMayAndNotMore) {
  carrier_.is_reliable = true;
  carrier_.block = Block::kBert;
  carrier_.message = 8192;
  const std::string text = large_text(30'000);
  serve(codes::kContent, text);
  const auto first = get();
  EXPECT_EQ(first->block(Option::Block2), (Block{0, true, 7}));
  EXPECT_EQ(first->payload().size(), 7U * 1024) << "eight blocks and the options are more than the peer takes";
  std::string all = first->payload();
  while (all.size() < text.size()) {
    const auto next = get(Block{static_cast<std::uint32_t>(all.size() / 1024), false, 7});
    EXPECT_LE(next->bytes.size() + 2, carrier_.message);
    all += next->payload();
  }
  EXPECT_EQ(all, text);
  serve(codes::kContent, text.substr(0, 8192));
  EXPECT_TRUE(get()->has(Option::Block2)) << "a body as long as a whole message may be";
  serve(codes::kContent, text.substr(0, 8100));
  EXPECT_FALSE(get()->has(Option::Block2));
  EXPECT_EQ(get(Block{1, false, 4})->payload(), text.substr(256, 256));
}

TEST_F(Downloads, OverAStreamThatHardlyTakesABlockThereIsOneAtATime) {
  carrier_.is_reliable = true;
  carrier_.block = Block::kBert;
  carrier_.message = 1153;
  serve(codes::kContent, text_);
  EXPECT_EQ(get()->payload().size(), 1024U);
}

TEST_F(Downloads, AChallengeForTheLastBlockDoesNotLoseIt) {
  serve(codes::kContent, text_.substr(0, 1500));
  static_cast<void>(get());
  carrier_.not_verified = {1};
  const auto challenge = get(Block{1, false, 6});
  ASSERT_EQ(challenge->code(), codes::kUnauthorized);
  serve(codes::kContent, "changed");
  Parts parts = request();
  parts.options.add(Option::Block2, Block{1, false, 6}.value()).add(Option::Echo, challenge->text(Option::Echo));
  EXPECT_EQ(ask(parts)->payload(), text_.substr(1024, 1500 - 1024));
}

TEST(BlockDownloads, CountWhatAKeptOneCostsBesideItsBytes) {
  BlockLimits limits;
  limits.total_bytes = 100'000;
  BlockDownloads downloads(limits);
  const Response tiny{codes::kContent, {}, {bytes_of("seventeen bytes.."), nullptr}};
  TimePoint now{};
  for (std::uint32_t slot = 1; slot <= 100'000; ++slot) downloads.keep({slot, 1}, 1, tiny, now);
  EXPECT_LT(downloads.count(), 200U);
  EXPECT_LE(downloads.bytes(), limits.total_bytes);
  for (std::uint32_t slot = 1; slot <= 100'000; ++slot) downloads.forget({slot, 1});
  EXPECT_EQ(downloads.bytes(), 0U);
  EXPECT_EQ(downloads.count(), 0U);
}

TEST(BlockDownloads, OfOnePeerAreBounded) {
  BlockDownloads downloads(BlockLimits{});
  const Response response{codes::kContent, {}, {bytes_of("body"), nullptr}};
  TimePoint now{};
  for (std::uint64_t representation = 1; representation <= 5; ++representation) {
    downloads.keep({1, 1}, representation, response, now += seconds(1));
  }
  EXPECT_EQ(downloads.count(), 2U);
  EXPECT_EQ(downloads.find({1, 1}, 3, now), nullptr);
  ASSERT_NE(downloads.find({1, 1}, 5, now), nullptr);
  EXPECT_EQ(text_of(downloads.find({1, 1}, 5, now)->body.bytes), "body");
}

}  // namespace
}  // namespace sluice::coap::testing

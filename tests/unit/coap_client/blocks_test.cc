// SPDX-License-Identifier: Apache-2.0
// Bodies in blocks, as they go over the wire.
#include "tests/unit/coap_client/client_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

class ClientBlocks : public ClientTest {
 protected:
  /// The part of a body that a server sends for block `number`.
  Parts part(const Asked& question, const std::string& body, std::uint32_t number, std::uint8_t exponent = 6) {
    Block block{number, false, exponent};
    const std::string_view rest = std::string_view(body).substr(block.offset());
    block.more = rest.size() > block.size();
    Parts parts = answer_to(question, codes::kContent, rest.substr(0, block.size()));
    parts.options.add(Option::ETag, "v1");
    parts.options.add(Option::Block2, block.value());
    return parts;
  }
};

// [RFC 7959 2.5]
TEST_F(ClientBlocks, ALargeBodyGoesOutInBlocks) {
  const std::string body = large_text(2500);
  put(body);
  std::string arrived;
  std::optional<std::uint32_t> tag;
  for (std::uint32_t number = 0; number < 3; ++number) {
    const auto question = sent();
    ASSERT_TRUE(question);
    const Block block{number, number < 2, 6};
    EXPECT_EQ(question->block(Option::Block1), block);
    EXPECT_EQ(question->number(Option::Size1), number == 0 ? std::optional(2500U) : std::nullopt);
    EXPECT_TRUE(question->has(Option::RequestTag));
    if (number > 0) {
      EXPECT_EQ(question->number(Option::RequestTag), tag);
    }
    tag = question->number(Option::RequestTag);
    arrived += question->payload();
    Parts response = answer_to(*question, number < 2 ? codes::kContinue : codes::kChanged);
    response.options.add(Option::Block1, block.value());
    receive(response);
  }
  EXPECT_EQ(arrived, body);
  ASSERT_EQ(asker_.answers.size(), 1U);
  EXPECT_EQ(asker_.answers[0].code, codes::kChanged);
}

// [RFC 7959 2.10]
TEST_F(ClientBlocks, OnlyTheFirstBlockAsksWhetherTheResourceIsNew) {
  Outgoing request = outgoing(codes::kPut);
  request.options.add(Option::IfNoneMatch);
  const std::string body = large_text(1500);
  request.body.bytes = bytes_of(body);
  ask(request);
  const Asked first = *sent();
  EXPECT_TRUE(first.has(Option::IfNoneMatch));
  Parts response = answer_to(first, codes::kContinue);
  response.options.add(Option::Block1, first.block(Option::Block1)->value());
  receive(response);
  EXPECT_FALSE(sent()->has(Option::IfNoneMatch));
}

TEST_F(ClientBlocks, WhatFitsIntoABlockGoesWhole) {
  put(std::string(1024, 'x'));
  const auto question = sent();
  EXPECT_FALSE(question->has(Option::Block1));
  EXPECT_FALSE(question->has(Option::RequestTag));
  EXPECT_EQ(question->payload().size(), 1024U);
}

TEST_F(ClientBlocks, ABodyWithAnOwnerIsNotCopied) {
  const auto body = std::make_shared<const std::string>(large_text(3000));
  Outgoing request = outgoing(codes::kPut);
  request.body = {bytes_of(*body), body};
  const RequestId id = ask(request);
  request = {};
  EXPECT_EQ(body.use_count(), 2);
  requester().forget(id);
  EXPECT_EQ(body.use_count(), 1);
}

// [RFC 9175 3.3]
TEST_F(ClientBlocks, ABodyThatIsSentAnewHasAnotherRequestTag) {
  put(large_text(3000));
  const Asked first = *sent();
  Parts refused = answer_to(first, codes::kRequestEntityTooLarge);
  refused.options.add(Option::Block1, Block{0, true, 2}.value());
  receive(refused);
  const Asked second = *sent();
  EXPECT_EQ(second.block(Option::Block1), (Block{0, true, 2}));
  EXPECT_EQ(second.payload().size(), 64U);
  EXPECT_NE(second.number(Option::RequestTag), first.number(Option::RequestTag));
}

TEST_F(ClientBlocks, ARefusalInTheMiddleIsTheAnswer) {
  put(large_text(3000));
  receive(answer_to(*sent(), codes::kForbidden, "no"));
  EXPECT_EQ(asker_.answers.at(0).code, codes::kForbidden);
  EXPECT_EQ(requester().size(), 0U);
}

// [RFC 7959 2.4]
TEST_F(ClientBlocks, ALargeAnswerIsFetched) {
  const std::string body = large_text(3000);
  get();
  const Asked first = *sent();
  receive(part(first, body, 0));
  for (std::uint32_t number = 1; number < 3; ++number) {
    const auto question = sent();
    ASSERT_TRUE(question);
    EXPECT_EQ(question->block(Option::Block2), (Block{number, false, 6}));
    EXPECT_EQ(question->pdu.option(Option::UriPath)->text(), "a");
    EXPECT_NE(question->pdu.token(), first.pdu.token());
    receive(part(*question, body, number));
  }
  EXPECT_EQ(asker_.bodies(), Lines{body});
  EXPECT_EQ(requester().collected_bytes(), 0U);
}

// [RFC 7959 2.7]
TEST_F(ClientBlocks, BothWays) {
  Outgoing request = outgoing(codes::kPost);
  const std::string body = large_text(1500);
  const std::string result = large_text(1100);
  request.body.bytes = bytes_of(body);
  ask(request);
  Asked question = *sent();
  Parts response = answer_to(question, codes::kContinue);
  response.options.add(Option::Block1, question.block(Option::Block1)->value());
  receive(response);
  question = *sent();
  Parts last = part(question, result, 0);
  last.options.add(Option::Block1, question.block(Option::Block1)->value());
  receive(last);
  question = *sent();
  EXPECT_EQ(question.pdu.code(), codes::kPost);
  EXPECT_FALSE(question.has(Option::Block1));
  EXPECT_EQ(question.payload(), "");
  EXPECT_EQ(question.block(Option::Block2), (Block{1, false, 6}));
  receive(part(question, result, 1));
  EXPECT_EQ(asker_.bodies(), Lines{result});
}

// [RFC 8132 2.1]
TEST_F(ClientBlocks, WhatIsFetchedIsSaidWithEveryBlock) {
  Outgoing request = outgoing(codes::kFetch);
  request.body.bytes = bytes_of("query");
  ask(request);
  receive(part(*sent(), large_text(1500), 0));
  EXPECT_EQ(sent()->payload(), "query");
}

// [RFC 7959 2.4]: early negotiation
TEST_F(ClientBlocks, SmallerBlocksAreAskedForAtOnce) {
  settings_.size_exponent = 2;
  const std::string body = large_text(100);
  get();
  Asked question = *sent();
  EXPECT_EQ(question.block(Option::Block2), (Block{0, false, 2}));
  receive(part(question, body, 0, 2));
  question = *sent();
  EXPECT_EQ(question.block(Option::Block2), (Block{1, false, 2}));
  receive(part(question, body, 1, 2));
  EXPECT_EQ(asker_.bodies(), Lines{body});
}

TEST_F(ClientBlocks, AnAnswerThatChangesMeanwhileIsFetchedAnewAFewTimes) {
  const std::string body = large_text(3000);
  const RequestId id = get();
  receive(part(*sent(), body, 0));
  std::size_t questions = 0;
  for (auto question = sent(); question; question = sent()) {
    ASSERT_LE(++questions, 10U);
    Parts parts = part(*question, body, question->block(Option::Block2)->number);
    parts.options.remove(Option::ETag);
    parts.options.add(Option::ETag, static_cast<std::uint32_t>(questions));
    receive(parts);
  }
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::Malformed}}));
  EXPECT_EQ(requester().collected_bytes(), 0U);
}

TEST_F(ClientBlocks, AnErrorInTheMiddleIsTheAnswer) {
  get();
  receive(part(*sent(), large_text(3000), 0));
  receive(answer_to(*sent(), codes::kNotFound));
  EXPECT_EQ(asker_.answers.at(0).code, codes::kNotFound);
  EXPECT_EQ(requester().collected_bytes(), 0U);
}

TEST_F(ClientBlocks, ABlockThatNeverComes) {
  const RequestId id = get();
  receive(part(*sent(), large_text(3000), 0));
  clock_.pass(seconds(100));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::TimedOut}}));
  EXPECT_EQ(requester().collected_bytes(), 0U);
}

TEST_F(ClientBlocks, BlocksThatAreNone) {
  struct Row {
    std::uint32_t block2;
    std::size_t size;
  };
  // The reserved size, one that was not asked for, one that is not full, an empty one with more behind it.
  for (const Row& row : {Row{7, 1024}, Row{0x16, 1024}, Row{0x1E, 1024}, Row{0x0E, 1000}, Row{0x0E, 0}}) {
    asker_.failures.clear();
    const RequestId id = get();
    Parts parts = answer_to(*sent(), codes::kContent);
    const std::string body(row.size, 'x');
    parts.payload = bytes_of(body);
    parts.options.add(Option::Block2, row.block2);
    receive(parts);
    EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::Malformed}})) << row.block2;
  }
}

}  // namespace
}  // namespace sluice::coap::testing

// SPDX-License-Identifier: Apache-2.0
// What peers and askers can make the client keep is bounded.
#include "tests/unit/coap_client/client_fixture.h"

namespace sluice::coap::testing {
namespace {

class ClientLimits : public ClientTest {};

TEST_F(ClientLimits, SoManyRequestsAndNoMore) {
  settings_.max_requests = 2;
  EXPECT_NE(ask(outgoing(), 1), 0U);
  EXPECT_NE(ask(outgoing(), 2), 0U);
  EXPECT_EQ(ask(outgoing(), 3), 0U);
  EXPECT_EQ(requester().size(), 2U);
}

TEST_F(ClientLimits, WhatThePeersQueueDoesNotTakeIsRefused) {
  parameters_.max_waiting = 1;
  EXPECT_NE(get(), 0U) << "under way";
  EXPECT_NE(get(), 0U) << "waits";
  EXPECT_EQ(get(), 0U);
  EXPECT_EQ(requester().size(), 2U);
  EXPECT_TRUE(asker_.failures.empty());
}

TEST_F(ClientLimits, NobodyIsAskedWhoIsNotKnown) { EXPECT_EQ(requester().request({7, 1}, outgoing(), asker_), 0U); }

TEST_F(ClientLimits, MoreOptionsThanAMessageMayHave) {
  Outgoing request = outgoing();
  for (std::size_t i = 0; i < Pdu::kMostOptions; ++i) request.options.add(Option::UriQuery, "q");
  EXPECT_EQ(ask(request), 0U);
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientLimits, AnAnswerThatIsAnnouncedTooLargeIsNotFetched) {
  settings_.max_body_size = 5000;
  const RequestId id = get();
  const std::string block(1024, 'x');
  Parts parts = answer_to(*sent(), codes::kContent, block);
  parts.options.add(Option::Block2, Block{0, true, 6}.value());
  parts.options.add(Option::Size2, 1'000'000'000U);
  receive(parts);
  EXPECT_FALSE(sent());
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::TooLarge}}));
  EXPECT_EQ(requester().collected_bytes(), 0U);
}

TEST_F(ClientLimits, AnAnswerInOneMessageMayBeTooLargeAsWell) {
  settings_.max_body_size = 100;
  const RequestId first = get();
  receive(answer_to(*sent(), codes::kContent, std::string(100, 'x')));
  EXPECT_EQ(asker_.answers.size(), 1U);
  const RequestId second = get();
  receive(answer_to(*sent(), codes::kContent, std::string(101, 'x')));
  EXPECT_EQ(asker_.answers.size(), 1U);
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{second, Failure::TooLarge}})) << first;
}

TEST_F(ClientLimits, ANotificationThatIsTooLargeEndsItsObservation) {
  settings_.max_body_size = 100;
  const Asked registration = establish();
  receive(notification(registration, 11, std::string(101, 'x')));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id_, Failure::TooLarge}}));
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientLimits, SoDoesOneThatCrossesAQuestion) {
  settings_.max_body_size = 100;
  const Asked registration = establish();
  ASSERT_TRUE(requester().refresh(id_));
  receive(notification(registration, 11, std::string(101, 'x')));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id_, Failure::TooLarge}}));
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientLimits, AnAnswerThatNeverEndsIsGivenUp) {
  settings_.max_body_size = 5000;
  const RequestId id = get();
  const std::string block(1024, 'x');
  std::size_t questions = 0;
  for (auto question = sent(); question; question = sent()) {
    ASSERT_LE(++questions, 10U);
    Parts parts = answer_to(*question, codes::kContent, block);
    const auto asked = question->block(Option::Block2);
    parts.options.add(Option::Block2, Block{asked ? asked->number : 0, true, 6}.value());
    receive(parts);
  }
  EXPECT_EQ(questions, 5U);
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::TooLarge}}));
}

TEST_F(ClientLimits, TheBodiesOfAllPeersTogether) {
  settings_.total_bytes = 2000;
  const std::string block(1024, 'x');
  for (std::uint32_t of = 1; of <= 2; ++of) {
    ask(outgoing(), of);
    Parts parts = answer_to(*sent(), codes::kContent, block);
    parts.options.add(Option::Block2, Block{0, true, 6}.value());
    receive(parts, of);
    if (of == 1) {
      EXPECT_TRUE(sent()) << "the next block is asked for";
    }
  }
  ASSERT_EQ(asker_.failures.size(), 1U);
  EXPECT_EQ(asker_.failures[0].why, Failure::NoRoom);
  EXPECT_EQ(requester().collected_bytes(), 1024U);
}

}  // namespace
}  // namespace sluice::coap::testing

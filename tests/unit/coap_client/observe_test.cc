// SPDX-License-Identifier: Apache-2.0
// Observations, as the client has them [RFC 7641 3].
#include "tests/unit/coap_client/client_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

class ClientObserve : public ClientTest {};

TEST_F(ClientObserve, RegistersWithZero) {
  observe();
  EXPECT_EQ(sent()->number(Option::Observe), 0U);
}

TEST_F(ClientObserve, EveryNewerNotificationIsHeard) {
  const Asked registration = establish();
  EXPECT_FALSE(asker_.answers.at(0).last);
  receive(notification(registration, 11, "second"));
  EXPECT_EQ(sent_bytes(), Lines{}) << "nothing answers one that is not confirmable";
  receive(notification(registration, 9, "overtaken"));
  receive(notification(registration, 12, "third", Type::Confirmable));
  EXPECT_EQ(sent_bytes(), Lines{"60 00 70 03"});
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "second", "third"}));
  EXPECT_EQ(requester().size(), 1U);
}

TEST_F(ClientObserve, AnOldNotificationIsAcknowledgedAllTheSame) {
  const Asked registration = establish();
  receive(notification(registration, 9, "old", Type::Confirmable));
  EXPECT_EQ(sent_bytes(), Lines{"60 00 70 01"});
  EXPECT_EQ(asker_.bodies(), Lines{"first"});
}

TEST_F(ClientObserve, StandsHoweverLongItIsSilent) {
  const Asked registration = establish();
  clock_.jump(std::chrono::hours(48));
  receive(notification(registration, 1, "still there"));
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "still there"}));
}

// [RFC 7641 3.1]
TEST_F(ClientObserve, WithoutTheOptionItIsAnAnswerLikeOthers) {
  observe();
  receive(answer_to(*sent(), codes::kContent, "only once"));
  EXPECT_TRUE(asker_.answers.at(0).last);
  EXPECT_EQ(requester().size(), 0U);
}

// [RFC 7641 3.2]
TEST_F(ClientObserve, AnErrorEndsIt) {
  const Asked registration = establish();
  receive(separate(registration, codes::kNotFound, "gone"));
  EXPECT_EQ(asker_.answers.at(1).code, codes::kNotFound);
  EXPECT_TRUE(asker_.answers.at(1).last);
  EXPECT_EQ(requester().size(), 0U);
  sent_bytes();
  receive(notification(registration, 99, "again"));
  EXPECT_EQ(sent_bytes(), Lines{"70 00 70 02"});
}

// [RFC 7641 3.6]
TEST_F(ClientObserve, WhatIsForgottenIsReset) {
  const Asked registration = establish();
  requester().forget(id_);
  EXPECT_FALSE(sent());
  receive(notification(registration, 11, "more"));
  EXPECT_EQ(sent_bytes(), Lines{"70 00 70 01"});
  EXPECT_EQ(asker_.bodies(), Lines{"first"});
}

// [RFC 7641 3.6]
TEST_F(ClientObserve, IsEndedWithOneAndTheSameToken) {
  const Asked registration = establish();
  EXPECT_TRUE(requester().deregister(id_));
  const Asked end = *sent();
  EXPECT_EQ(end.number(Option::Observe), 1U);
  EXPECT_EQ(end.pdu.token(), registration.pdu.token());
  EXPECT_EQ(end.pdu.option(Option::UriPath)->text(), "a");
  receive(notification(registration, 11, "crossing", Type::Confirmable));
  EXPECT_EQ(sent_bytes(), Lines{"60 00 70 01"});
  EXPECT_EQ(asker_.bodies(), Lines{"first"}) << "nobody wants to hear that any more";
  receive(answer_to(end, codes::kContent, "bye"));
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "bye"}));
  EXPECT_TRUE(asker_.answers.at(1).last);
  EXPECT_EQ(requester().size(), 0U);
  EXPECT_FALSE(requester().deregister(id_));
}

// [RFC 7641 3.3.1]
TEST_F(ClientObserve, IsAskedForAnew) {
  const Asked registration = establish();
  EXPECT_TRUE(requester().refresh(id_));
  EXPECT_FALSE(requester().refresh(id_)) << "once is enough";
  const Asked again = *sent();
  EXPECT_EQ(again.number(Option::Observe), 0U);
  EXPECT_EQ(again.pdu.token(), registration.pdu.token());
  Parts agreed = answer_to(again, codes::kContent, "fresh");
  agreed.options.add(Option::Observe, 12U);
  receive(agreed);
  receive(notification(registration, 13, "next"));
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "fresh", "next"}));
  EXPECT_TRUE(requester().refresh(id_));
  receive(answer_to(*sent(), codes::kContent, "no more"));
  EXPECT_TRUE(asker_.answers.back().last) << "the peer does not agree any more";
}

TEST_F(ClientObserve, ANotificationMayCrossTheRefresh) {
  const Asked registration = establish();
  EXPECT_TRUE(requester().refresh(id_));
  const Asked again = *sent();
  receive(notification(registration, 11, "crossing"));
  clock_.pass(seconds(4));
  EXPECT_TRUE(sent()) << "the question is not answered yet, and sent again";
  Parts agreed = answer_to(again, codes::kContent, "fresh");
  agreed.options.add(Option::Observe, 12U);
  receive(agreed);
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "crossing", "fresh"}));
  clock_.pass(seconds(400));
  EXPECT_TRUE(asker_.failures.empty());
  EXPECT_EQ(requester().size(), 1U);
}

// [RFC 7641 3.4]
TEST_F(ClientObserve, ANewerNotificationMayOvertakeTheAnswerToARefresh) {
  const Asked registration = establish();
  EXPECT_TRUE(requester().refresh(id_));
  const Asked again = *sent();
  receive(notification(registration, 13, "newest"));
  Parts agreed = answer_to(again, codes::kContent, "older");
  agreed.options.add(Option::Observe, 12U);
  receive(agreed);
  receive(notification(registration, 14, "next"));
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "newest", "next"}));
  EXPECT_TRUE(requester().refresh(id_)) << "the earlier one is over";
}

TEST_F(ClientObserve, TheAnswerToARefreshMayComeBeforeItsAcknowledgement) {
  const Asked registration = establish();
  EXPECT_TRUE(requester().refresh(id_));
  const Asked again = *sent();
  receive(notification(registration, 11, "answer", Type::Confirmable));
  acknowledge(again);
  clock_.pass(seconds(400));
  EXPECT_TRUE(asker_.failures.empty());
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "answer"}));
  EXPECT_EQ(requester().size(), 1U);
}

// [RFC 7959 2.6]
TEST_F(ClientObserve, ALargeNotificationIsFetchedUnderAnotherToken) {
  const Asked registration = establish();
  const std::string body = large_text(1500);
  Parts first = notification(registration, 11, std::string_view(body).substr(0, 1024), Type::Confirmable);
  first.options.add(Option::Block2, Block{0, true, 6}.value());
  receive(first);
  const Asked question = *sent();
  EXPECT_FALSE(question.has(Option::Observe));
  EXPECT_NE(question.pdu.token(), registration.pdu.token());
  EXPECT_EQ(question.block(Option::Block2), (Block{1, false, 6}));
  Parts rest = answer_to(question, codes::kContent, std::string_view(body).substr(1024));
  rest.options.add(Option::Block2, Block{1, false, 6}.value());
  receive(rest);
  EXPECT_EQ(asker_.bodies(), (Lines{"first", body}));
  EXPECT_FALSE(asker_.answers.back().last);
  receive(notification(registration, 12, "next"));
  EXPECT_EQ(asker_.bodies().back(), "next");
}

TEST_F(ClientObserve, ALaterBlockIsNoNotification) {
  const Asked registration = establish();
  Parts last = notification(registration, 11, "the end of something");
  last.options.add(Option::Block2, Block{1, false, 6}.value());
  receive(last);
  EXPECT_EQ(asker_.bodies(), (Lines{"first"}));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id_, Failure::Malformed}}));
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientObserve, ALaterBlockThatCrossesTheRefreshIsNotHeard) {
  const Asked registration = establish();
  EXPECT_TRUE(requester().refresh(id_));
  Parts last = notification(registration, 11, "the end of something");
  last.options.add(Option::Block2, Block{1, false, 6}.value());
  receive(last);
  EXPECT_EQ(asker_.bodies(), (Lines{"first"}));
  EXPECT_TRUE(asker_.failures.empty());
}

TEST_F(ClientObserve, ANewerNotificationTakesThePlaceOfOneThatIsBeingFetched) {
  const Asked registration = establish();
  const std::string body = large_text(1500);
  Parts first = notification(registration, 11, std::string_view(body).substr(0, 1024));
  first.options.add(Option::Block2, Block{0, true, 6}.value());
  receive(first);
  const Asked question = *sent();
  receive(notification(registration, 12, "newer"));
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "newer"}));
  EXPECT_EQ(requester().collected_bytes(), 0U);
  Parts rest = answer_to(question, codes::kContent, std::string_view(body).substr(1024));
  rest.options.add(Option::Block2, Block{1, false, 6}.value());
  receive(rest);
  clock_.pass(seconds(100));
  EXPECT_FALSE(sent()) << "nobody asks for its blocks any more";
  EXPECT_EQ(asker_.bodies(), (Lines{"first", "newer"}));
  EXPECT_TRUE(asker_.failures.empty());
}

TEST_F(ClientObserve, ItsPeerStaysKnown) {
  establish();
  clock_.jump(std::chrono::hours(2));
  clock_.pass(seconds(30));
  EXPECT_EQ(endpoint().messages().peers(), 1U);
  requester().forget(id_);
  clock_.pass(seconds(30));
  EXPECT_EQ(endpoint().messages().peers(), 0U);
}

}  // namespace
}  // namespace sluice::coap::testing

// SPDX-License-Identifier: Apache-2.0
// Requests, as they go over the wire, and what comes of them.
#include "tests/unit/coap_client/client_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

class ClientRequest : public ClientTest {};

TEST_F(ClientRequest, GoesOutConfirmableWithATokenOfEightBytes) {
  Outgoing request = outgoing(codes::kGet, "a/b");
  request.options.add(Option::Accept, 50U);
  const RequestId id = ask(request);
  ASSERT_NE(id, 0U);
  const auto all = sent_bytes();
  ASSERT_EQ(all.size(), 1U);
  // 48: version 1, confirmable, token of 8; 01: GET; b1 61 01 62: Uri-Path a, b; 61 32: Accept 50.
  EXPECT_EQ(all.front().substr(0, 5), "48 01");
  EXPECT_EQ(all.front().substr(all.front().size() - 17), "b1 61 01 62 61 32");
  EXPECT_EQ(all.front().size(), 3 * (4 + 8 + 6U) - 1);
}

TEST_F(ClientRequest, IsAnsweredInTheAcknowledgement) {
  const RequestId id = get();
  receive(answer_to(*sent(), codes::kContent, "21 C"));
  ASSERT_EQ(asker_.answers.size(), 1U);
  EXPECT_EQ(asker_.answers[0].request, id);
  EXPECT_EQ(asker_.answers[0].code, codes::kContent);
  EXPECT_EQ(asker_.answers[0].body, "21 C");
  EXPECT_TRUE(asker_.answers[0].last);
  EXPECT_EQ(sent_bytes(), Lines{}) << "an acknowledgement is not acknowledged";
  EXPECT_EQ(requester().size(), 0U);
  clock_.pass(seconds(300));
  EXPECT_EQ(sent_bytes(), Lines{});
}

// [RFC 7252 5.2.2]
TEST_F(ClientRequest, IsAnsweredLater) {
  get();
  const Asked question = *sent();
  acknowledge(question);
  clock_.pass(seconds(60));
  EXPECT_EQ(sent_bytes(), Lines{}) << "what is acknowledged is not sent again";
  receive(separate(question, codes::kContent, "late"));
  EXPECT_EQ(asker_.bodies(), Lines{"late"});
  EXPECT_EQ(sent_bytes(), Lines{"60 00 70 01"}) << "and it is acknowledged";
}

// [RFC 7252 5.2.2]: the acknowledgement was lost, the response was not.
TEST_F(ClientRequest, AResponseStandsForALostAcknowledgement) {
  get();
  receive(separate(*sent(), codes::kContent, "overtook"));
  EXPECT_EQ(asker_.bodies(), Lines{"overtook"});
  EXPECT_EQ(sent_bytes(), Lines{"60 00 70 01"});
  clock_.pass(seconds(300));
  EXPECT_EQ(sent_bytes(), Lines{}) << "the request is not sent again";
}

TEST_F(ClientRequest, TheNextOneMayGoOnceTheLastIsAnswered) {
  get();
  const Asked first = *sent();
  get();
  EXPECT_FALSE(sent()) << "NSTART";
  receive(separate(first, codes::kContent, "one"));
  std::vector<Bytes> questions;
  for (FakePort::Sent& datagram : port_.sent) {
    if (datagram.bytes.size() > 4) questions.push_back(datagram.bytes);
  }
  EXPECT_EQ(questions.size(), 1U) << "the second one leaves";
}

// [RFC 7252 4.5]
TEST_F(ClientRequest, AResponseThatComesTwiceIsHeardOnce) {
  get();
  const Asked question = *sent();
  const Parts response = separate(question, codes::kContent, "once");
  receive(response);
  receive(response);
  EXPECT_EQ(asker_.bodies(), Lines{"once"});
  EXPECT_EQ(sent_bytes(), (Lines{"60 00 70 01", "60 00 70 01"})) << "its acknowledgement may have been lost";
}

TEST_F(ClientRequest, TheSameTokenFromSomebodyElseIsNotTheAnswer) {
  get();
  const Asked question = *sent();
  peer(2);
  receive(separate(question, codes::kContent, "forged"), 2);
  EXPECT_EQ(asker_.answers.size(), 0U) << "[RFC 7252 5.3.2]";
  EXPECT_EQ(sent_bytes(), Lines{"70 00 70 01"}) << "Reset";
  receive(answer_to(question, codes::kContent, "true"));
  EXPECT_EQ(asker_.bodies(), Lines{"true"});
}

TEST_F(ClientRequest, AnUnexpectedResponseIsReset) {
  peer();
  receive("48 45 12 34 01 02 03 04 05 06 07 08 ff 78");
  EXPECT_EQ(sent_bytes(), Lines{"70 00 12 34"});
  receive("58 45 12 35 01 02 03 04 05 06 07 08 ff 78");
  EXPECT_EQ(sent_bytes(), Lines{"70 00 12 35"}) << "[RFC 7641 3.6]";
  receive("41 45 12 36 ab ff 78");
  EXPECT_EQ(sent_bytes(), Lines{"70 00 12 36"}) << "a token that is none of ours";
}

TEST_F(ClientRequest, ErrorsAreAnswersToo) {
  for (const Code code : {codes::kNotFound, codes::kForbidden, codes::kInternalServerError, codes::kTooManyRequests}) {
    asker_.answers.clear();
    get();
    receive(answer_to(*sent(), code, "because"));
    ASSERT_EQ(asker_.answers.size(), 1U);
    EXPECT_EQ(asker_.answers[0].code, code);
    EXPECT_EQ(asker_.answers[0].body, "because");
  }
}

TEST_F(ClientRequest, NobodyAnswers) {
  const RequestId id = get();
  const auto first = sent_bytes();
  clock_.pass(seconds(30));
  EXPECT_EQ(sent_bytes(), Lines(3, first.at(0))) << "once more after 2, 4 and 8 times 1 to 1.5 seconds";
  clock_.pass(seconds(70));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::TimedOut}}));
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientRequest, AcknowledgedAndNeverAnswered) {
  Outgoing request = outgoing();
  request.patience = seconds(20);
  const RequestId id = ask(request);
  acknowledge(*sent());
  clock_.pass(seconds(19));
  EXPECT_TRUE(asker_.failures.empty());
  clock_.pass(seconds(2));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::TimedOut}}));
}

TEST_F(ClientRequest, NonConfirmableIsWaitedForFromTheStart) {
  Outgoing request = outgoing();
  request.confirm = Carrier::Confirm::No;
  request.patience = seconds(20);
  const RequestId id = ask(request);
  const Asked question = *sent();
  EXPECT_EQ(question.pdu.type(), Type::NonConfirmable);
  clock_.pass(seconds(21));
  EXPECT_FALSE(sent()) << "it is not sent again";
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::TimedOut}}));
  const RequestId second = ask(request);
  receive(separate(*sent(), codes::kContent, "in time", Type::NonConfirmable));
  EXPECT_EQ(asker_.answers.at(0).request, second);
  EXPECT_EQ(sent_bytes(), Lines{});
}

TEST_F(ClientRequest, ResetMeansThatNothingComes) {
  const RequestId id = get();
  const Asked question = *sent();
  Parts reset = answer_to(question, codes::kEmpty);
  reset.type = Type::Reset;
  reset.token = {};
  receive(reset);
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::Reset}}));
}

TEST_F(ClientRequest, EndsWithItsPeer) {
  const RequestId id = get();
  endpoint().messages().on_association_ended(path_of(1));
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::PeerGone}}));
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientRequest, IsForgotten) {
  const RequestId id = get();
  const Asked question = *sent();
  requester().forget(id);
  clock_.pass(seconds(100));
  EXPECT_FALSE(sent()) << "nobody wants it any more";
  receive(separate(question, codes::kContent, "too late"));
  EXPECT_TRUE(asker_.answers.empty());
  EXPECT_TRUE(asker_.failures.empty());
  EXPECT_EQ(sent_bytes(), Lines{"70 00 70 01"});
}

TEST_F(ClientRequest, IsForgottenWhileItWaitsForItsTurn) {
  get();
  const Asked first = *sent();
  const RequestId second = get();
  requester().forget(second);
  receive(answer_to(first, codes::kContent, "one"));
  EXPECT_FALSE(sent());
  EXPECT_EQ(requester().size(), 0U);
}

TEST_F(ClientRequest, AskingAgainFromWithinTheAnswer) {
  asker_.then = [this](const coap::Answer& answer) {
    if (answer.body.size() == 3) requester().request(answer.peer, outgoing(codes::kGet, "b"), asker_);
  };
  get();
  receive(answer_to(*sent(), codes::kContent, "one"));
  const auto second = sent();
  ASSERT_TRUE(second);
  receive(answer_to(*second, codes::kContent, "second"));
  EXPECT_EQ(asker_.bodies(), (Lines{"one", "second"}));
}

// [RFC 7252 5.4.1]
TEST_F(ClientRequest, AnAnswerWithAnUnknownCriticalOptionIsRefused) {
  const RequestId id = get();
  Parts response = separate(*sent(), codes::kContent, "x");
  response.options.add(static_cast<Option>(9));
  receive(response);
  EXPECT_EQ(sent_bytes(), Lines{"70 00 70 01"});
  EXPECT_EQ(asker_.failures, (std::vector{FakeAsker::Failed{id, Failure::Malformed}}));
  get();
  Parts fine = answer_to(*sent(), codes::kContent, "x");
  fine.options.add(static_cast<Option>(0xFFF0), 7U);
  receive(fine);
  EXPECT_EQ(asker_.bodies(), Lines{"x"}) << "an elective one is ignored";
}

// [RFC 9175 2.3]
TEST_F(ClientRequest, TheEchoOptionIsSentBackOnce) {
  const RequestId id = get();
  const Asked question = *sent();
  Parts challenge = answer_to(question, codes::kUnauthorized);
  challenge.options.add(Option::Echo, "prove it");
  receive(challenge);
  const auto again = sent();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->pdu.option(Option::Echo)->text(), "prove it");
  EXPECT_EQ(again->pdu.option(Option::UriPath)->text(), "a");
  EXPECT_NE(again->pdu.mid(), question.pdu.mid());
  Parts second = answer_to(*again, codes::kUnauthorized);
  second.options.add(Option::Echo, "once more");
  receive(second);
  EXPECT_FALSE(sent()) << "that would never end";
  ASSERT_EQ(asker_.answers.size(), 1U);
  EXPECT_EQ(asker_.answers[0].request, id);
  EXPECT_EQ(asker_.answers[0].code, codes::kUnauthorized);
}

}  // namespace
}  // namespace sluice::coap::testing

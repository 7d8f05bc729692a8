// SPDX-License-Identifier: Apache-2.0
// Answers that take their time [RFC 7252 5.2.2], and handlers that answer when nobody expects it.
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Pending = ServerTest;

TEST_F(Pending, AreAcknowledgedAfterAWhileAndAnsweredOnTheirOwn) {
  EXPECT_FALSE(ask(request()));
  EXPECT_EQ(server().pending(), 1U);
  EXPECT_EQ(carrier_.pins[1], 1);
  clock_.pass(milliseconds(450));
  EXPECT_TRUE(carrier_.acknowledged.empty());
  clock_.pass(milliseconds(200));
  EXPECT_EQ(carrier_.acknowledged.size(), 1U);
  clock_.pass(seconds(100));
  EXPECT_EQ(carrier_.acknowledged.size(), 1U);
  respond(handler_.requests.at(0).exchange, codes::kContent, "late");
  ASSERT_EQ(carrier_.answers.size(), 1U);
  EXPECT_TRUE(carrier_.answers[0].to.acknowledged);
  EXPECT_EQ(carrier_.answers[0].payload(), "late");
  EXPECT_EQ(carrier_.pins[1], 0);
  EXPECT_EQ(server().pending(), 0U);
}

TEST_F(Pending, AreAnsweredInTheAcknowledgementWhenThereIsTime) {
  EXPECT_FALSE(ask(request()));
  clock_.pass(milliseconds(300));
  respond(handler_.requests.at(0).exchange, codes::kContent, "hi");
  ASSERT_EQ(carrier_.answers.size(), 1U);
  EXPECT_FALSE(carrier_.answers[0].to.acknowledged);
  clock_.pass(seconds(5));
  EXPECT_TRUE(carrier_.acknowledged.empty());
}

TEST_F(Pending, OnlyTheFirstAnswerCounts) {
  handler_.serve = [this](const FakeHandler::Seen& seen) {
    respond(seen.exchange, codes::kContent, "first");
    respond(seen.exchange, codes::kContent, "second");
  };
  EXPECT_EQ(ask(request())->payload(), "first");
  respond(handler_.requests[0].exchange, codes::kContent, "third");
  handler_.serve = [](const FakeHandler::Seen&) {};
  EXPECT_FALSE(ask(request()));
  respond(handler_.requests[1].exchange, codes::kContent, "first");
  respond(handler_.requests[1].exchange, codes::kContent, "second");
  respond(0, codes::kContent);
  respond(12345, codes::kContent);
  EXPECT_EQ(carrier_.answers.size(), 2U);
  EXPECT_EQ(carrier_.pins[1], 0);
}

TEST_F(Pending, AHandlerMayAnswerAnotherOneWithinTheCall) {
  EXPECT_FALSE(ask(request(), 1));
  handler_.serve = [this](const FakeHandler::Seen& seen) {
    respond(handler_.requests[0].exchange, codes::kContent, "of the first");
    respond(seen.exchange, codes::kContent, "of the second");
  };
  const Parts second = request();
  const Bytes bytes = encode(second);
  const auto pdu = Pdu::parse(bytes);
  server().on_request({peer(2), *pdu, bytes.size(), false});
  ASSERT_EQ(carrier_.answers.size(), 2U);
  EXPECT_EQ(carrier_.answers[0].to.peer, peer(1));
  EXPECT_EQ(carrier_.answers[0].payload(), "of the first");
  EXPECT_EQ(carrier_.answers[1].to.peer, peer(2));
  EXPECT_EQ(carrier_.pins[1], 0);
}

TEST_F(Pending, TooManyAreRefused) {
  settings_.max_pending = 3;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask(request()));
  const auto answer = ask(request());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code(), codes::kServiceUnavailable);
  EXPECT_EQ(answer->number(Option::MaxAge), 10U);
  EXPECT_EQ(handler_.requests.size(), 3U);
  respond(handler_.requests[1].exchange, codes::kContent);
  EXPECT_FALSE(ask(request()));
}

TEST_F(Pending, OfAPeerThatIsGoneAreAnsweredInVain) {
  EXPECT_FALSE(ask(request()));
  carrier_.gone = {1};
  server().on_peer_gone(peer());
  respond(handler_.requests[0].exchange, codes::kContent);
  EXPECT_TRUE(carrier_.answers.empty());
  EXPECT_EQ(server().pending(), 0U);
}

TEST_F(Pending, APeerMayGoWhileItIsAnswered) {
  EXPECT_FALSE(ask(request()));
  EXPECT_FALSE(ask(request()));
  handler_.mourn = [this](PeerId) { respond(handler_.requests[1].exchange, codes::kContent); };
  carrier_.on_reply = [this] {
    carrier_.gone = {1};
    server().on_peer_gone(peer());
  };
  respond(handler_.requests[0].exchange, codes::kContent);
  EXPECT_EQ(carrier_.answers.size(), 1U);
  EXPECT_EQ(server().pending(), 0U);
}

TEST_F(Pending, APeerMayGoWhileItsRequestIsHandedOver) {
  handler_.serve = [this](const FakeHandler::Seen&) {
    carrier_.gone = {1};
    server().on_peer_gone(peer());
  };
  EXPECT_FALSE(ask(request()));
  EXPECT_EQ(server().pending(), 0U);
  EXPECT_EQ(carrier_.pins[1], 0);
}

TEST_F(Pending, AreDroppedWithTheServer) {
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(ask(request()));
}

TEST_F(Pending, AnswersInBlocksTakeTheirTimeToo) {
  const std::string text = large_text(3000);
  EXPECT_FALSE(get(Block{0, false, 5}));
  clock_.pass(seconds(1));
  respond(handler_.requests[0].exchange, codes::kContent, text);
  EXPECT_EQ(carrier_.answers.at(0).block(Option::Block2), (Block{0, true, 5}));
  EXPECT_EQ(get(Block{1, false, 5})->payload(), text.substr(512, 512));
}

}  // namespace
}  // namespace sluice::coap::testing

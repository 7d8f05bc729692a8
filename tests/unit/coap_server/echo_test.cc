// SPDX-License-Identifier: Apache-2.0
// Who has to show that it is where it says it is [RFC 9175 2].
#include "shared/coap/server/echo.h"

#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Echo : public ServerTest {
 protected:
  Echo() { carrier_.not_verified = {1, 2}; }
  std::optional<Answer> ask_with(std::string_view echo, Code code = codes::kGet, std::uint32_t from = 1) {
    Parts parts = request(code);
    parts.options.add(Option::Echo, echo);
    return ask(parts, from);
  }
};

TEST_F(Echo, ALargeAnswerIsForThoseWhoAreThere) {
  serve(codes::kContent, large_text(500));
  const auto challenge = get();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->code(), codes::kUnauthorized);
  EXPECT_EQ(challenge->payload(), "");
  EXPECT_EQ(challenge->pdu->token(), Token::from(bytes_of("tk")));
  const std::string echo = challenge->text(Option::Echo);
  EXPECT_EQ(echo.size(), EchoGuard::kSize);
  EXPECT_TRUE(carrier_.not_verified.contains(1));

  EXPECT_EQ(ask_with(echo, codes::kGet, 2)->code(), codes::kUnauthorized) << "of somebody else";
  EXPECT_EQ(ask_with("0123456789ab")->code(), codes::kUnauthorized) << "invented";
  EXPECT_EQ(ask_with(echo.substr(1))->code(), codes::kUnauthorized);
  EXPECT_EQ(ask_with(echo)->code(), codes::kContent);
  EXPECT_FALSE(carrier_.not_verified.contains(1));
  EXPECT_EQ(get()->code(), codes::kContent) << "once is enough";
}

TEST_F(Echo, AStaleOneIsWorthNothing) {
  serve(codes::kContent, large_text(500));
  const std::string echo = get()->text(Option::Echo);
  clock_.jump(minutes(4) + seconds(2));
  const auto again = ask_with(echo);
  EXPECT_EQ(again->code(), codes::kUnauthorized);
  EXPECT_NE(again->text(Option::Echo), echo);
  clock_.jump(minutes(4) - seconds(2));
  EXPECT_EQ(ask_with(again->text(Option::Echo))->code(), codes::kContent);
}

TEST_F(Echo, ThreeTimesTheRequestIsTheLimit) {
  Parts parts = request();  // 8 bytes: header, token, Uri-Path
  ASSERT_EQ(encoded_size(parts), 8U);
  serve(codes::kContent, std::string(17, 'x'));  // 6 bytes and a marker before it
  EXPECT_EQ(ask(parts)->code(), codes::kContent);
  EXPECT_EQ(handler_.requests[0].answer_limit, 24U);
  serve(codes::kContent, std::string(18, 'x'));
  EXPECT_EQ(ask(parts)->code(), codes::kUnauthorized);
}

TEST_F(Echo, WhatIsTooLargeIsNotKeptForLaterBlocks) {
  serve(codes::kContent, large_text(5000));
  static_cast<void>(get());
  EXPECT_EQ(get(Block{1, false, 6})->code(), codes::kUnauthorized);
  EXPECT_EQ(handler_.requests.size(), 2U);
}

TEST_F(Echo, AlwaysMeansEverybody) {
  settings_.echo = EchoPolicy::Always;
  serve(codes::kChanged);
  std::string echo;
  for (const Code code :
       {codes::kGet, codes::kFetch, codes::kPut, codes::kPost, codes::kDelete, codes::kPatch, codes::kIPatch}) {
    const auto answer = ask(request(code));
    EXPECT_EQ(answer->code(), codes::kUnauthorized);
    echo = answer->text(Option::Echo);
  }
  EXPECT_TRUE(handler_.requests.empty());
  EXPECT_EQ(ask_with(echo, codes::kPut)->code(), codes::kChanged);
  EXPECT_EQ(ask(request(codes::kGet))->code(), codes::kChanged);
}

TEST_F(Echo, AlwaysAsksBeforeABodyIsKept) {
  settings_.echo = EchoPolicy::Always;
  EXPECT_EQ(put({0, true, 0}, "0123456789abcdef")->code(), codes::kUnauthorized);
  EXPECT_EQ(server().uploads().count(), 0U);
}

TEST_F(Echo, OffMeansNobody) {
  settings_.echo = EchoPolicy::Off;
  serve(codes::kContent, large_text(1000));
  EXPECT_EQ(get()->code(), codes::kContent);
}

TEST(EchoGuard, AcceptsWhatItMadeForThatPeerLately) {
  const EchoGuard guard;
  const EchoGuard other;
  const auto peer = *SocketAddress::parse("192.0.2.1:5683");
  auto elsewhere = peer;
  elsewhere.port = 5684;
  const TimePoint now{seconds(1000)};
  const auto value = guard.make(peer, now);
  EXPECT_TRUE(guard.accepts(value, peer, now));
  EXPECT_TRUE(guard.accepts(value, peer, now + EchoGuard::kFresh));
  EXPECT_FALSE(guard.accepts(value, peer, now + EchoGuard::kFresh + seconds(1)));
  EXPECT_FALSE(guard.accepts(value, peer, now - seconds(1))) << "of a time to come";
  EXPECT_FALSE(guard.accepts(value, elsewhere, now));
  EXPECT_FALSE(other.accepts(value, peer, now));
  EXPECT_FALSE(guard.accepts({}, peer, now));
  for (std::size_t at = 0; at < value.size(); ++at) {
    auto forged = value;
    forged[at] ^= std::byte{1};
    EXPECT_FALSE(guard.accepts(forged, peer, now)) << at;
  }
}

}  // namespace
}  // namespace sluice::coap::testing

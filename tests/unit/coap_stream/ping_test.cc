// SPDX-License-Identifier: Apache-2.0
// [RFC 8323 5.4]
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class Ping : public StreamTest {};

TEST_F(Ping, IsAnsweredAtOnceWithItsToken) {
  connect_introduced();
  arrive(join({get("01"), from_hex("01e242"), from_hex("00e2")}));
  EXPECT_THAT(sent(), ElementsAre("7.03 #42", "7.03"));
}

TEST_F(Ping, WithCustodyIsAnsweredAtOnceWhereNothingIsPending) {
  connect_introduced();
  arrive(from_hex("11e24220"));
  turn([&] { EXPECT_EQ(to_hex(std::span(wire->sent).last(4)), "11e34220"); });
}

TEST_F(Ping, WithCustodyWaitsForTheRequestsBeforeIt) {
  connect_introduced();
  arrive(join({get("01"), get("02"), from_hex("11e24220"), get("03")}));
  answer("03");
  answer("02");
  EXPECT_THAT(sent(), ElementsAre("2.05 #03", "2.05 #02"));
  answer("01");
  EXPECT_THAT(sent(), ElementsAre("2.05 #01", "7.03 #42 2="));
}

TEST_F(Ping, WithCustodyWaitsForTheEndOfARequestThatGetsNoAnswer) {
  connect_introduced();
  arrive(join({Frame(codes::kPut).token("01").option(258, "02").bytes(), from_hex("11e24220")}));
  EXPECT_THAT(sent(), IsEmpty());
  turn([&] { carrier->reject({.peer = peer}); });
  EXPECT_THAT(sent(), ElementsAre("7.03 #42 2="));
}

TEST_F(Ping, PingsWithCustodyAreBounded) {
  settings.max_pending = 8;
  connect_introduced();
  arrive(get("01"));
  for (int i = 0; i < 100; ++i) arrive(from_hex("11e24220"));
  EXPECT_TRUE(wire->paused);
  EXPECT_THAT(sent(), IsEmpty());
  answer("01");
  EXPECT_THAT(sent(), SizeIs(101));
  EXPECT_FALSE(wire->paused);
}

TEST_F(Ping, OursTellsWhenItsPongCame) {
  connect_introduced();
  turn([&] {
    EXPECT_EQ(carrier->probe(peer, {this, 5}), Carrier::Sent::Yes);
    EXPECT_EQ(carrier->probe(peer, {this, 6}), Carrier::Sent::Yes);
  });
  const auto pings = sent();
  ASSERT_THAT(pings, SizeIs(2));
  EXPECT_NE(pings[0], pings[1]);
  arrive(Frame(codes::kPong).token("99").bytes());
  EXPECT_THAT(outcomes, IsEmpty());
  const std::string token = pings[1].substr(std::string("7.02 #").size());
  arrive(Frame(codes::kPong).token(token).bytes());
  EXPECT_THAT(outcomes, ElementsAre(Pair(6, Outcome::Acknowledged)));
  arrive(Frame(codes::kPong).token(token).option(2).bytes());
  EXPECT_THAT(outcomes, SizeIs(1));
  lose();
  EXPECT_THAT(outcomes, ElementsAre(Pair(6, Outcome::Acknowledged), Pair(5, Outcome::PeerGone)));
}

TEST_F(Ping, OursTellsWhenNoPongCame) {
  connect_introduced();
  turn([&] { EXPECT_EQ(carrier->probe(peer, {this, 5}), Carrier::Sent::Yes); });
  pass(settings.pong_timeout + std::chrono::seconds(2));
  EXPECT_THAT(outcomes, ElementsAre(Pair(5, Outcome::TimedOut)));
}

TEST_F(Ping, OursAreBounded) {
  connect_introduced();
  turn([&] {
    for (Cookie i = 0; i < 8; ++i) EXPECT_EQ(carrier->probe(peer, {this, i}), Carrier::Sent::Yes);
    EXPECT_EQ(carrier->probe(peer, {this, 9}), Carrier::Sent::Full);
  });
  const std::string token = sent().front().substr(std::string("7.02 #").size());
  EXPECT_THAT(room, IsEmpty());
  arrive(Frame(codes::kPong).token(token).bytes());
  EXPECT_THAT(room, ElementsAre(peer));
  turn([&] { EXPECT_EQ(carrier->probe(peer, {this, 9}), Carrier::Sent::Yes); });
}

}  // namespace
}  // namespace sluice::coap

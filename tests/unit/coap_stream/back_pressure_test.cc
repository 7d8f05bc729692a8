// SPDX-License-Identifier: Apache-2.0
// A peer that asks for much and reads little.
#include "shared/coap/stream/stream_probe.h"
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class BackPressure : public StreamTest {
 protected:
  Carrier::Sent notify(std::size_t bytes, Cookie cookie) {
    Carrier::Sent result{};
    turn([&] {
      const std::string body(bytes, 'x');
      Parts parts;
      parts.code = codes::kContent;
      parts.payload = std::as_bytes(std::span(body));
      result = carrier->send(peer, parts, Carrier::Confirm::Yes, {this, cookie});
    });
    return result;
  }
};

TEST_F(BackPressure, ReadingRestsWhileTooManyRequestsArePending) {
  settings.max_pending = 4;
  connect_introduced();
  const auto before = stream_probe().held.value();
  Bytes many;
  for (const char* const token : {"01", "02", "03", "04", "05", "06", "07", "08"}) {
    const Bytes one = get(token);
    many.insert(many.end(), one.begin(), one.end());
  }
  arrive(many);
  EXPECT_THAT(requests, SizeIs(4));
  EXPECT_TRUE(wire->paused);
  EXPECT_EQ(stream_probe().held.value(), before + 1);
  arrive(get("09"));  // was read already
  EXPECT_THAT(requests, SizeIs(4));
  answer("01");
  answer("02");
  EXPECT_TRUE(wire->paused);
  EXPECT_THAT(requests, SizeIs(4));
  answer("03");  // only now it goes on: not for every single one
  EXPECT_THAT(requests, SizeIs(5));
  for (const char* const token : {"04", "05", "06", "07", "08", "09"}) answer(token);
  EXPECT_THAT(requests, SizeIs(9));
  EXPECT_FALSE(wire->paused);
  EXPECT_THAT(sent(), SizeIs(9));
}

TEST_F(BackPressure, ExactlyAsManyAsArePermittedHoldTheReadingToo) {
  settings.max_pending = 1;
  connect_introduced();
  arrive(get("01"));
  EXPECT_TRUE(wire->paused);
  answer("01");
  EXPECT_FALSE(wire->paused);
}

TEST_F(BackPressure, WhatTheStreamDoesNotTakeWaitsAndLeavesInOrder) {
  connect_introduced();
  wire->room = 10;
  EXPECT_EQ(notify(100, 1), Carrier::Sent::Yes);
  EXPECT_EQ(notify(50, 2), Carrier::Sent::Waiting);
  EXPECT_THAT(outcomes, IsEmpty());
  make_room(100);
  EXPECT_THAT(outcomes, ElementsAre(Pair(1, Outcome::Acknowledged)));
  make_room(1);
  EXPECT_THAT(outcomes, SizeIs(1));
  make_room();
  EXPECT_THAT(outcomes, ElementsAre(Pair(1, Outcome::Acknowledged), Pair(2, Outcome::Acknowledged)));
  EXPECT_THAT(sent(), ElementsAre("2.05 |" + std::string(100, 'x'), "2.05 |" + std::string(50, 'x')));
}

TEST_F(BackPressure, FromSomeBacklogOnNothingNewIsSentAndNothingRead) {
  settings.output_high = 2000;
  connect_introduced();
  wire->room = 0;
  EXPECT_EQ(notify(1000, 1), Carrier::Sent::Yes);
  EXPECT_EQ(notify(1000, 2), Carrier::Sent::Waiting);
  const auto before = stream_probe().refused.value();
  EXPECT_EQ(notify(1000, 3), Carrier::Sent::Full);
  EXPECT_EQ(stream_probe().refused.value(), before + 1);
  arrive(get("01"));
  EXPECT_THAT(requests, IsEmpty());
  EXPECT_TRUE(wire->paused);
  make_room(1200);
  EXPECT_FALSE(wire->paused);
  EXPECT_THAT(requests, SizeIs(1));
  EXPECT_EQ(notify(10, 4), Carrier::Sent::Waiting);
  make_room();
  EXPECT_THAT(outcomes, ElementsAre(Pair(1, Outcome::Acknowledged), Pair(2, Outcome::Acknowledged),
                                    Pair(4, Outcome::Acknowledged)));
}

TEST_F(BackPressure, WhoFoundNoPlaceIsToldOnceWhenHalfOfItIsFree) {
  settings.output_high = 2000;
  connect_introduced();
  wire->room = 0;
  EXPECT_EQ(notify(1000, 1), Carrier::Sent::Yes);
  make_room(500);
  EXPECT_THAT(room, IsEmpty()) << "nobody was told that there is no place";
  EXPECT_EQ(notify(1000, 2), Carrier::Sent::Waiting);
  EXPECT_EQ(notify(1000, 3), Carrier::Sent::Waiting);
  EXPECT_EQ(notify(1, 4), Carrier::Sent::Full);
  EXPECT_EQ(notify(1, 5), Carrier::Sent::Full);
  make_room(800);
  EXPECT_THAT(room, IsEmpty()) << "not for every single message";
  make_room(800);
  EXPECT_THAT(room, ElementsAre(peer));
  make_room();
  EXPECT_THAT(room, ElementsAre(peer));
}

TEST_F(BackPressure, APeerThatAsksAndDoesNotReadIsClosed) {
  settings.output_limit = 3000;
  connect_introduced();
  wire->room = 0;
  const auto before = stream_probe().overflows.value();
  arrive(join({get("01"), get("02"), get("03"), get("04")}));
  const std::string body(1000, 'x');
  answer("01", codes::kContent, body);
  answer("02", codes::kContent, body);
  EXPECT_TRUE(carrier->known(peer));
  answer("03", codes::kContent, body);
  EXPECT_FALSE(carrier->known(peer));
  EXPECT_TRUE(wire->shut);
  EXPECT_EQ(stream_probe().overflows.value(), before + 1);
  EXPECT_THAT(gone, ElementsAre(peer));
  answer("04", codes::kContent, body);
}

TEST_F(BackPressure, ASendTimeOutOfTheTransportEndsTheConnection) {
  connect_introduced();
  wire->room = 0;
  EXPECT_EQ(notify(1000, 1), Carrier::Sent::Yes);
  lose(make_error_code(boost::system::errc::timed_out));
  EXPECT_THAT(outcomes, ElementsAre(Pair(1, Outcome::PeerGone)));
  EXPECT_FALSE(wire->shut);
  EXPECT_TRUE(wire->destroyed);
}

TEST_F(BackPressure, MuchOutputOfOneTurnLeavesEarly) {
  connect_introduced(Frame(codes::kCsm).option(2, "010000").bytes());
  const std::size_t before = wire->writes;
  turn([&] {
    const std::string body(60'000, 'x');
    for (int i = 0; i < 10; ++i) {
      Parts parts;
      parts.code = codes::kContent;
      parts.payload = std::as_bytes(std::span(body));
      EXPECT_EQ(carrier->send(peer, parts, Carrier::Confirm::Yes, {this, 1}), Carrier::Sent::Yes);
    }
    EXPECT_EQ(wire->writes, before + 3);
    EXPECT_THAT(outcomes, IsEmpty());
  });
  EXPECT_THAT(sent(), SizeIs(10));
  EXPECT_THAT(outcomes, SizeIs(10));
}

TEST_F(BackPressure, WhoIsToldMaySendAgain) {
  struct Again final : OutcomeSink {
    StreamCarrier* carrier = nullptr;
    int left = 5;
    void on_outcome(PeerId id, Cookie, Outcome outcome) override {
      EXPECT_EQ(outcome, Outcome::Acknowledged);
      Parts parts;
      parts.code = codes::kContent;
      if (left-- <= 0) return;
      EXPECT_EQ(carrier->send(id, parts, Carrier::Confirm::Yes, {this, 0}), Carrier::Sent::Yes);
    }
  } again;
  connect_introduced();
  again.carrier = carrier.get();
  turn([&] { again.on_outcome(peer, 0, Outcome::Acknowledged); });
  for (int i = 0; i < 10; ++i) turn([] {});
  EXPECT_THAT(sent(), SizeIs(5));
}

}  // namespace
}  // namespace sluice::coap

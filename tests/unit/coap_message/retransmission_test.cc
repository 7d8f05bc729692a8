// SPDX-License-Identifier: Apache-2.0
// Confirmable messages until they are acknowledged, reset or given up; NSTART [RFC 7252 4.2, 4.7, 4.8].
#include <set>

#include "tests/unit/coap_message/message_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

class Retransmission : public MessageTest {
 protected:
  PeerId verified_peer(std::uint32_t index = 1) {
    const PeerId peer = acquaint(index);
    layer().set_verified(peer);
    return peer;
  }
  /// Passes time tick by tick, and says when something was sent.
  std::vector<milliseconds> departures(Duration time) {
    const TimePoint begin = clock_.now();
    std::vector<milliseconds> all;
    for (std::size_t seen = port_.sent.size(); clock_.now() < begin + time;) {
      clock_.pass(TimingWheel::kTick);
      for (; seen < port_.sent.size(); ++seen) {
        all.push_back(std::chrono::duration_cast<milliseconds>(clock_.now() - begin));
      }
    }
    return all;
  }
};

TEST_F(Retransmission, FourTimesWithDoublingPausesAndThenGivesUp) {
  const PeerId peer = verified_peer();
  layer().pin(peer);
  for (int round = 0; round < 20; ++round) {
    sink_.told.clear();
    ASSERT_EQ(send(peer, Confirm::Yes, 7), Sent::Yes);
    const Lines first = sent();
    const auto times = departures(seconds(100));
    ASSERT_EQ(times.size(), 4U);
    const auto tick = 5 * TimingWheel::kTick;
    EXPECT_GE(times[0], milliseconds(2000));
    EXPECT_LE(times[0], milliseconds(3000) + tick);
    for (const std::size_t at : {1U, 2U, 3U}) {
      const auto expected = times[0] * ((2 << at) - 1);
      EXPECT_GE(times[at], expected - 16 * tick) << at;
      EXPECT_LE(times[at], expected + 16 * tick) << at;
    }
    for (const std::string& again : sent()) EXPECT_EQ(again, first[0]);
    ASSERT_EQ(sink_.told.size(), 1U);
    EXPECT_EQ(sink_.told[0], (FakeSink::Told{peer, 7, Outcome::TimedOut}));
  }
}

TEST_F(Retransmission, FirstPauseIsRandomBetweenAckTimeoutAndItsFactor) {
  parameters_.nstart = 1000;
  const PeerId peer = verified_peer();
  std::set<milliseconds> pauses;
  for (int i = 0; i < 200; ++i) static_cast<void>(send(peer, Confirm::Yes, 1));
  port_.sent.clear();
  const auto times = departures(milliseconds(3200));
  EXPECT_EQ(times.size(), 200U);
  for (const milliseconds time : times) pauses.insert(time);
  EXPECT_GE(*pauses.begin(), milliseconds(2000));
  EXPECT_LE(*pauses.rbegin(), milliseconds(3100));
  EXPECT_GT(pauses.size(), 10U);
}

TEST_F(Retransmission, ZeroRetransmissionsIsOneTransmission) {
  parameters_.max_retransmit = 0;
  parameters_.ack_random_factor = 1;
  const PeerId peer = verified_peer();
  static_cast<void>(send(peer, Confirm::Yes, 1));
  port_.sent.clear();
  EXPECT_TRUE(departures(milliseconds(1900)).empty());
  EXPECT_TRUE(sink_.told.empty());
  EXPECT_TRUE(departures(milliseconds(300)).empty());
  ASSERT_EQ(sink_.told.size(), 1U);
}

TEST_F(Retransmission, AnAcknowledgementEndsIt) {
  const PeerId peer = acquaint();
  EXPECT_FALSE(layer().verified(peer));
  static_cast<void>(send(peer, Confirm::Yes, 5));
  receive("60 00 " + sent_mid(), 2);  // somebody else's
  EXPECT_TRUE(sink_.told.empty());
  EXPECT_FALSE(layer().verified(peer));
  receive("60 00 " + sent_mid());
  EXPECT_EQ(sink_.told, (std::vector<FakeSink::Told>{{peer, 5, Outcome::Acknowledged}}));
  EXPECT_TRUE(layer().verified(peer));
  receive("60 00 " + sent_mid());
  EXPECT_EQ(sink_.told.size(), 1U);
  port_.sent.clear();
  EXPECT_TRUE(departures(minutes(2)).empty());
}

TEST_F(Retransmission, AResetEndsItToo) {
  const PeerId peer = acquaint();
  static_cast<void>(send(peer, Confirm::Yes, 5));
  receive("70 45 " + sent_mid());  // is no reset: it is not empty [RFC 7252 4.2]
  EXPECT_TRUE(sink_.told.empty());
  receive("70 00 " + sent_mid());
  EXPECT_EQ(sink_.told, (std::vector<FakeSink::Told>{{peer, 5, Outcome::Reset}}));
  port_.sent.clear();
  EXPECT_TRUE(departures(minutes(2)).empty());
}

TEST_F(Retransmission, TheOutcomeIsToldBeforeTheResponseThatTheAcknowledgementCarries) {
  const PeerId peer = acquaint();
  std::vector<std::size_t> responses_then;
  sink_.then = [&](const FakeSink::Told&) { responses_then.push_back(events_.responses.size()); };
  Parts request;
  request.code = codes::kGet;
  static_cast<void>(layer().send(peer, request, Confirm::Yes, {&sink_, 1}));
  receive("60 45 " + sent_mid() + " ff 01");
  EXPECT_EQ(responses_then, std::vector<std::size_t>{0});
  EXPECT_EQ(events_.responses.size(), 1U);
}

TEST_F(Retransmission, ARequestInAnAcknowledgementAcknowledgesNothing) {
  const PeerId peer = acquaint();
  static_cast<void>(send(peer, Confirm::Yes, 5));
  receive("60 01 " + sent_mid());
  EXPECT_TRUE(sink_.told.empty());
}

TEST_F(Retransmission, OneAtATimeAndTheOthersInOrder) {
  parameters_.max_waiting = 3;
  const PeerId peer = verified_peer();
  EXPECT_EQ(send(peer, Confirm::Yes, 1), Sent::Yes);
  EXPECT_EQ(send(peer, Confirm::Yes, 2), Sent::Waiting);
  EXPECT_EQ(send(peer, Confirm::Yes, 3), Sent::Waiting);
  EXPECT_EQ(send(peer, Confirm::Yes, 4), Sent::Waiting);
  EXPECT_EQ(send(peer, Confirm::Yes, 5), Sent::Full);
  EXPECT_EQ(send(peer, Confirm::No, 6), Sent::Yes) << "what is not confirmable waits for nobody";
  ASSERT_EQ(port_.sent.size(), 2U);
  receive("60 00 " + sent_mid(1));
  ASSERT_EQ(port_.sent.size(), 3U) << "the next one leaves";
  EXPECT_EQ(send(peer, Confirm::Yes, 7), Sent::Waiting) << "a place is free again";
  receive("70 00 " + sent_mid());
  ASSERT_EQ(port_.sent.size(), 4U) << "a reset makes way too";
  while (sink_.told.size() < 3) clock_.pass(TimingWheel::kTick);
  EXPECT_EQ(port_.sent.size(), 4U + 4U + 1U) << "after four repetitions it is given up, which makes way as well";
  std::vector<Cookie> cookies;
  for (const auto& told : sink_.told) cookies.push_back(told.cookie);
  EXPECT_EQ(cookies, (std::vector<Cookie>{1, 2, 3}));
}

TEST_F(Retransmission, WhoFoundNoPlaceIsToldOnceWhenThereIsOne) {
  parameters_.max_waiting = 2;
  const PeerId peer = verified_peer();
  for (Cookie cookie = 1; cookie <= 3; ++cookie) static_cast<void>(send(peer, Confirm::Yes, cookie));
  receive("60 00 " + sent_mid());
  EXPECT_TRUE(events_.room.empty()) << "nobody was told that there is no place";
  EXPECT_EQ(send(peer, Confirm::Yes, 4), Sent::Waiting);
  const std::vector<std::pair<const char*, std::function<void()>>> ways = {
      {"acknowledged", [&] { receive("60 00 " + sent_mid()); }},
      {"reset", [&] { receive("70 00 " + sent_mid()); }},
      {"withdrawn from those that wait", [&] { layer().withdraw(peer, {&sink_, 5}); }},
      {"given up", [&] { clock_.pass(minutes(2)); }},
  };
  for (const auto& [name, make_room] : ways) {
    events_.room.clear();
    EXPECT_EQ(send(peer, Confirm::Yes, 5), Sent::Full) << name;
    EXPECT_EQ(send(peer, Confirm::Yes, 5), Sent::Full) << name;
    EXPECT_TRUE(events_.room.empty()) << name;
    make_room();
    EXPECT_EQ(events_.room, std::vector<PeerId>{peer}) << name;
    EXPECT_EQ(send(peer, Confirm::Yes, 5), Sent::Waiting) << name;
  }
}

TEST_F(Retransmission, WhoIsToldOfAPlaceMayTakeItAtOnce) {
  parameters_.max_waiting = 1;
  const PeerId peer = verified_peer();
  Cookie next = 1;
  while (send(peer, Confirm::Yes, next) != Sent::Full) ++next;
  events_.when_room = [&](PeerId) {
    if (next > 6) return;
    EXPECT_EQ(send(peer, Confirm::Yes, next++), Sent::Waiting);
    EXPECT_EQ(send(peer, Confirm::Yes, next), Sent::Full);
  };
  for (int i = 0; i < 6; ++i) receive("60 00 " + sent_mid());
  std::vector<Cookie> cookies;
  for (const auto& told : sink_.told) cookies.push_back(told.cookie);
  EXPECT_EQ(cookies, (std::vector<Cookie>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Retransmission, AnAnswerForWhichThereIsNoPlaceLeavesUnconfirmed) {
  parameters_.max_waiting = 2;
  const PeerId peer = verified_peer();
  for (int i = 0; i < 4; ++i) {
    Parts parts = notification();
    layer().reply({peer, static_cast<MessageId>(i), Type::Confirmable, true}, parts);
  }
  ASSERT_EQ(port_.sent.size(), 2U);
  const Lines all = sent();
  EXPECT_EQ(all[0].substr(0, 5), "41 45");
  EXPECT_EQ(all[1].substr(0, 5), "51 45");
}

TEST_F(Retransmission, WhatASinkSendsQueuesBehindTheOthers) {
  const PeerId peer = verified_peer();
  static_cast<void>(send(peer, Confirm::Yes, 1));
  static_cast<void>(send(peer, Confirm::Yes, 2));
  sink_.then = [&](const FakeSink::Told& told) {
    if (told.cookie != 1) return;
    EXPECT_EQ(send(peer, Confirm::Yes, 3), Sent::Waiting);
  };
  receive("60 00 " + sent_mid());
  receive("60 00 " + sent_mid());
  receive("60 00 " + sent_mid());
  std::vector<Cookie> cookies;
  for (const auto& told : sink_.told) cookies.push_back(told.cookie);
  EXPECT_EQ(cookies, (std::vector<Cookie>{1, 2, 3}));
}

TEST_F(Retransmission, ASinkMaySendWhenItsMessageIsGivenUp) {
  parameters_.max_retransmit = 0;
  const PeerId peer = verified_peer();
  int left = 3;
  sink_.then = [&](const FakeSink::Told&) {
    if (--left > 0) static_cast<void>(send(peer, Confirm::Yes, 9));
  };
  static_cast<void>(send(peer, Confirm::Yes, 9));
  clock_.pass(seconds(20));
  EXPECT_EQ(sink_.told.size(), 3U);
}

TEST_F(Retransmission, ManyOutstandingHaveDifferentIds) {
  parameters_.nstart = 8;
  const PeerId peer = verified_peer();
  std::set<std::string> mids;
  for (int i = 0; i < 8; ++i) {
    static_cast<void>(send(peer, Confirm::Yes, 1));
    mids.insert(sent_mid());
  }
  EXPECT_EQ(mids.size(), 8U);
  for (int i = 0; i < 0x10000; ++i) {
    Parts answer = notification();
    layer().reply({peer, static_cast<MessageId>(i), Type::NonConfirmable, false}, answer);
    ASSERT_FALSE(mids.contains(sent_mid())) << "an id of a message that is not acknowledged";
  }
}

TEST_F(Retransmission, AResetOfOneOfTheLastNotificationsIsTold) {
  const PeerId peer = acquaint();
  Lines mids;
  for (Cookie cookie = 1; cookie <= 5; ++cookie) {
    static_cast<void>(send(peer, Confirm::No, cookie));
    mids.push_back(sent_mid());
  }
  receive("70 00 " + mids[0]);
  EXPECT_TRUE(sink_.told.empty()) << "only the last four are remembered";
  receive("70 00 " + mids[1], 2);
  EXPECT_TRUE(sink_.told.empty()) << "of somebody else";
  receive("70 00 " + mids[1]);
  receive("70 00 " + mids[4]);
  receive("70 00 " + mids[4]);
  EXPECT_EQ(sink_.told, (std::vector<FakeSink::Told>{{peer, 2, Outcome::Reset}, {peer, 5, Outcome::Reset}}));
  EXPECT_EQ(sent().size(), 5U) << "a reset is never answered";
}

TEST_F(Retransmission, NobodyIsToldWhereNobodyAsked) {
  const PeerId peer = verified_peer();
  Parts parts = notification();
  static_cast<void>(layer().send(peer, parts, Confirm::Yes, {}));
  receive("60 00 " + sent_mid());
  static_cast<void>(layer().send(peer, parts, Confirm::No, {}));
  receive("70 00 " + sent_mid());
  static_cast<void>(layer().send(peer, parts, Confirm::Yes, {}));
  clock_.pass(minutes(2));
  EXPECT_EQ(layer().send({peer.slot, peer.generation + 1}, parts, Confirm::Yes, {}), Sent::Refused);
}

TEST_F(Retransmission, AProbeIsAPingThatAnyAnswerSettles) {
  const PeerId peer = acquaint();
  EXPECT_EQ(layer().probe(peer, {&sink_, 4}), Sent::Yes);
  const std::string mid = sent_mid();
  EXPECT_EQ(sent(), Lines{"40 00 " + mid});
  receive("70 00 " + mid);
  EXPECT_EQ(sink_.told, (std::vector<FakeSink::Told>{{peer, 4, Outcome::Reset}}));
  EXPECT_TRUE(layer().verified(peer));
}

// Whoever forges an address must not make us send more to it than three times what it sent.
TEST_F(Retransmission, AnUnverifiedPeerGetsNoMoreThanItsCredit) {
  std::string request = "50 01 00 01 ff";
  for (int i = 0; i < 75; ++i) request += " 00";
  receive(request);  // 80 bytes: 240 of credit
  const PeerId peer = events_.requests.at(0).peer;
  EXPECT_EQ(layer().credit(peer), 240U);
  const Bytes payload(70);
  Parts parts;
  parts.code = codes::kContent;
  parts.payload = payload;
  static_cast<void>(layer().send(peer, parts, Confirm::Yes, {&sink_, 1}));  // of 75 bytes
  EXPECT_EQ(layer().credit(peer), 165U);
  clock_.pass(minutes(2));
  const auto all = sent();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[2], all[0]) << "once more and once more, and no further";
  for (std::size_t i = 3; i < all.size(); ++i) EXPECT_EQ(all[i].substr(0, 5), "40 00") << "a ping in its place";
  EXPECT_EQ(layer().credit(peer), 7U);
  EXPECT_EQ(sink_.told, (std::vector<FakeSink::Told>{{peer, 1, Outcome::TimedOut}}));
}

TEST_F(Retransmission, WhoAnswersThePingGetsTheRest) {
  receive("50 01 00 01");  // 12 of credit
  const PeerId peer = events_.requests.at(0).peer;
  static_cast<void>(send(peer, Confirm::Yes, 1));  // of 7 bytes
  const auto message = sent();
  clock_.pass(seconds(4));
  const auto ping = sent();
  ASSERT_EQ(ping.size(), 1U);
  EXPECT_EQ(ping[0].substr(0, 5), "40 00");
  receive("70 00 ff ff");
  EXPECT_FALSE(layer().verified(peer)) << "an answer to something else";
  receive("70 00 " + ping[0].substr(6));
  EXPECT_TRUE(layer().verified(peer));
  EXPECT_TRUE(sink_.told.empty()) << "the message was not answered";
  clock_.pass(minutes(2));
  EXPECT_EQ(sent(), std::vector<std::string>(3, message.at(0)));
}

TEST_F(Retransmission, WhomWeSpeakToFirstIsNoForgery) {
  const PeerId peer = layer().peer_at(path_of(3));
  ASSERT_TRUE(peer);
  EXPECT_FALSE(layer().verified(peer));
  static_cast<void>(send(peer, Confirm::Yes, 1));
  clock_.pass(minutes(2));
  EXPECT_EQ(sent().size(), 5U);
}

TEST_F(Retransmission, CreditIsThreeTimesWhatCameLessWhatWent) {
  const PeerId peer = acquaint();  // 4 bytes
  EXPECT_EQ(layer().credit(peer), 12U);
  static_cast<void>(send(peer, Confirm::No, 1));  // 7 bytes
  EXPECT_EQ(layer().credit(peer), 5U);
  static_cast<void>(send(peer, Confirm::No, 1));
  EXPECT_EQ(layer().credit(peer), 0U);
  Bytes large(60'000, std::byte{0x41});
  for (MessageId mid = 0; mid < 10; ++mid) {
    const Bytes head = hex("50 01 00 " + mid_text(mid).substr(3) + " ff");
    std::ranges::copy(head, large.begin());
    receive_bytes(large);
  }
  EXPECT_EQ(layer().credit(peer), 1024U * 1024U);
  layer().set_verified(peer);
  EXPECT_EQ(layer().credit(peer), std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(layer().credit({99, 1}), 0U);
}

}  // namespace
}  // namespace sluice::coap::testing

// SPDX-License-Identifier: Apache-2.0
// The end of a connection, from either side [RFC 8323 5.5, 5.6].
#include "shared/coap/stream/stream_probe.h"
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class Release : public StreamTest {};

TEST_F(Release, APeerWithNothingPendingIsClosedAtOnce) {
  connect_introduced();
  arrive(Frame(codes::kRelease).option(2, "6578").option(4, "0a").payload("bye").bytes());
  EXPECT_TRUE(wire->shut);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_THAT(gone, ElementsAre(peer));
}

TEST_F(Release, WhatCameBeforeItIsAnsweredFirst) {
  connect_introduced();
  arrive(join({get("01"), get("02"), Frame(codes::kRelease).bytes(), get("03")}));
  EXPECT_THAT(requests, SizeIs(2));
  EXPECT_TRUE(carrier->known(peer));
  answer("02");
  EXPECT_FALSE(wire->shut);
  answer("01");
  EXPECT_THAT(sent(), ElementsAre("2.05 #02", "2.05 #01"));
  EXPECT_TRUE(wire->shut);
  EXPECT_FALSE(carrier->known(peer));
}

TEST_F(Release, AnswersThatTheStreamDoesNotTakeYetAreWaitedFor) {
  connect_introduced();
  wire->room = 2;
  arrive(join({get("01"), Frame(codes::kRelease).bytes()}));
  answer("01");
  EXPECT_FALSE(wire->shut);
  make_room();
  EXPECT_THAT(sent(), ElementsAre("2.05 #01"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(Release, AnAnswerThatDoesNotComeIsNotWaitedForForEver) {
  connect_introduced();
  arrive(join({get("01"), Frame(codes::kRelease).bytes()}));
  pass(settings.release_timeout - std::chrono::seconds(3));
  EXPECT_FALSE(wire->shut);
  pass(std::chrono::seconds(6));
  EXPECT_TRUE(wire->shut);
}

TEST_F(Release, PingsAndResponsesStillGoThroughAfterIt) {
  connect_introduced();
  arrive(join({get("01"), Frame(codes::kRelease).bytes(), from_hex("01e242"), from_hex("01437f")}));
  EXPECT_THAT(sent(), ElementsAre("7.03 #42"));
  EXPECT_THAT(responses, ElementsAre("2.03 #7f"));
  turn([&] {
    Parts parts;
    parts.code = codes::kContent;
    EXPECT_EQ(carrier->send(peer, parts, Carrier::Confirm::Yes, {this, 1}), Carrier::Sent::Refused);
    EXPECT_EQ(carrier->probe(peer, {this, 1}), Carrier::Sent::Refused);
  });
  arrive(Frame(codes::kRelease).bytes());
  answer("01");
  EXPECT_TRUE(wire->shut);
}

TEST_F(Release, OursLeavesTheEndToThePeer) {
  connect_introduced();
  arrive(get("01"));
  turn([&] { carrier->shutdown(); });
  EXPECT_THAT(sent(), ElementsAre("7.04"));
  EXPECT_FALSE(wire->shut);
  arrive(get("02"));  // was on its way
  answer("02");
  answer("01");
  EXPECT_THAT(sent(), ElementsAre("2.05 #02", "2.05 #01"));
  lose();
  EXPECT_TRUE(wire->destroyed);
  EXPECT_EQ(carrier->connections(), 0U);
}

TEST_F(Release, OursIsNotWaitedForForEver) {
  connect_introduced();
  turn([&] { carrier->shutdown(); });
  turn([&] { carrier->shutdown(); });
  EXPECT_THAT(sent(), ElementsAre("7.04"));
  pass(settings.release_timeout + std::chrono::seconds(2));
  EXPECT_TRUE(wire->shut);
  EXPECT_THAT(gone, ElementsAre(peer));
}

TEST_F(Release, BothSidesMayReleaseAtOnce) {
  connect_introduced();
  turn([&] { carrier->shutdown(); });
  arrive(Frame(codes::kRelease).bytes());
  EXPECT_THAT(sent(), ElementsAre("7.04"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(Release, AStrangerIsClosedAtOnceAndNobodyIsLetIn) {
  connect();
  turn([&] { carrier->shutdown(); });
  EXPECT_THAT(sent(), ElementsAre("7.01 2=010200 4=", "7.04"));
  EXPECT_TRUE(wire->shut);
  connect();
  EXPECT_FALSE(peer);
  EXPECT_TRUE(wire->shut);
  EXPECT_TRUE(wire->destroyed);
}

TEST_F(Release, AnAbortEndsEverythingAtOnce) {
  connect_introduced();
  const auto before = stream_probe().aborted.value();
  arrive(join({get("01"), Frame(codes::kAbort).option(2, "04").option(7).payload("odd\n").bytes(), get("02")}));
  EXPECT_THAT(requests, SizeIs(1));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(wire->shut);
  EXPECT_EQ(stream_probe().aborted.value(), before + 1);
}

TEST_F(Release, WhoWaitsForSomethingIsToldThatThePeerIsGone) {
  connect_introduced();
  wire->room = 0;
  turn([&] {
    Parts parts;
    parts.code = codes::kContent;
    EXPECT_EQ(carrier->send(peer, parts, Carrier::Confirm::Yes, {this, 1}), Carrier::Sent::Yes);
  });
  EXPECT_THAT(outcomes, IsEmpty());
  lose();
  EXPECT_THAT(outcomes, ElementsAre(Pair(1, Outcome::PeerGone)));
  EXPECT_THAT(gone, ElementsAre(peer));
}

TEST_F(Release, TheEndOfACarrierTellsNobody) {
  const auto before = stream_probe().connections.value();
  connect_introduced();
  wire->room = 0;
  turn([&] {
    Parts parts;
    parts.code = codes::kContent;
    static_cast<void>(carrier->send(peer, parts, Carrier::Confirm::Yes, {this, 1}));
    EXPECT_EQ(stream_probe().connections.value(), before + 1);
    carrier.reset();
  });
  EXPECT_THAT(outcomes, IsEmpty());
  EXPECT_THAT(gone, IsEmpty());
  EXPECT_TRUE(wire->destroyed);
  EXPECT_EQ(stream_probe().connections.value(), before);
}

}  // namespace
}  // namespace sluice::coap

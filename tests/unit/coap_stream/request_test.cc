// SPDX-License-Identifier: Apache-2.0
// Requests and responses both ways over one connection [RFC 8323 3.3].
#include "shared/coap/stream/stream_probe.h"
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class Requests : public StreamTest {
 protected:
  Carrier::Sent send(Frame& frame, Carrier::Confirm confirm, Cookie cookie) {
    Carrier::Sent result{};
    turn([&] {
      result = carrier->send(peer, frame.parts, confirm, {this, cookie});
      EXPECT_THAT(outcomes, IsEmpty());  // never from within the call
    });
    return result;
  }
};

TEST_F(Requests, AreAnsweredInAnyOrder) {
  connect_introduced();
  arrive(join({get("01"), get("02"), get("03")}));
  answer("02");
  answer("03");
  answer("01", codes::kNotFound, "no");
  EXPECT_THAT(sent(), ElementsAre("2.05 #02", "2.05 #03", "4.04 #01 |no"));
}

TEST_F(Requests, AcknowledgingIsNothing) {
  connect_introduced();
  arrive(get("01"));
  turn([&] {
    carrier->acknowledge({.peer = peer});
    carrier->set_verified(peer);
    carrier->pin(peer);
    carrier->unpin(peer);
  });
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(Requests, AnAnswerForAPeerThatIsGoneGoesNowhere) {
  connect_introduced();
  arrive(get("01"));
  lose();
  answer("01");
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_THAT(gone, ElementsAre(peer));
}

TEST_F(Requests, GoTheOtherWayAsWell) {
  connect_introduced();
  Frame request(codes::kGet);
  request.token("aa").option(11, "72");
  EXPECT_EQ(send(request, Carrier::Confirm::Yes, 7), Carrier::Sent::Yes);
  EXPECT_THAT(sent(), ElementsAre("0.01 #aa 11=72"));
  EXPECT_THAT(outcomes, ElementsAre(Pair(7, Outcome::Acknowledged)));
  arrive(Frame(codes::kContent).token("aa").payload("here").bytes());
  EXPECT_THAT(responses, ElementsAre("2.05 #aa |here"));
}

TEST_F(Requests, MayGoOutBeforeThePeerHasIntroducedItself) {
  connect();
  Frame request(codes::kGet);
  request.token("aa");
  EXPECT_EQ(send(request, Carrier::Confirm::No, 1), Carrier::Sent::Yes);
  EXPECT_THAT(sent(), ElementsAre("7.01 2=010200 4=", "0.01 #aa"));
  EXPECT_THAT(outcomes, IsEmpty());
}

TEST_F(Requests, AResponseThatNobodyExpectsIsIgnored) {
  expects_responses = false;
  connect_introduced();
  const auto before = stream_probe().ignored.value();
  arrive(Frame(codes::kContent).token("aa").bytes());
  EXPECT_THAT(responses, SizeIs(1));
  EXPECT_EQ(stream_probe().ignored.value(), before + 1);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(carrier->known(peer));
}

TEST_F(Requests, WhatThePeerDoesNotTakeIsNotSent) {
  connect_introduced();
  Frame large(codes::kContent);
  const std::string body(1200, 'x');
  large.parts.payload = std::as_bytes(std::span(body));
  EXPECT_EQ(send(large, Carrier::Confirm::Yes, 1), Carrier::Sent::Refused);
  EXPECT_THAT(sent(), IsEmpty());
  arrive(join({get("01"), get("02")}));
  answer("01", codes::kContent, body);
  answer("02", codes::kNotFound, body);
  EXPECT_THAT(sent(), ElementsAre("5.00 #01", "4.04 #02"));
  EXPECT_THAT(outcomes, IsEmpty());
}

TEST_F(Requests, TheLargestMessageIsTaken) {
  connect_introduced();
  arrive(get("01"));
  const std::string body(1152 - 3 - 1 - 1 - 1, 'x');  // length, code, token, payload marker
  answer("01", codes::kContent, body);
  EXPECT_THAT(sent(), ElementsAre("2.05 #01 |" + body));
  EXPECT_EQ(wire->sent.size() - encode_frame(make_csm(settings.max_message_size)).size(), 1152U);
}

TEST_F(Requests, SomebodyWhoIsGoneGetsNothing) {
  connect_introduced();
  const PeerId before = peer;
  lose(make_error_code(boost::system::errc::connection_reset));
  turn([&] {
    Parts parts;
    parts.code = codes::kContent;
    EXPECT_EQ(carrier->send(before, parts, Carrier::Confirm::Yes, {this, 1}), Carrier::Sent::Refused);
    EXPECT_EQ(carrier->probe(before, {this, 2}), Carrier::Sent::Refused);
    EXPECT_EQ(carrier->largest_message(before), 0U);
    EXPECT_TRUE(carrier->peer(before).address.is_unspecified());
  });
  EXPECT_THAT(outcomes, IsEmpty());
}

}  // namespace
}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
// The first messages of a connection [RFC 8323 3.3, 5.3].
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Hello : public StreamTest {};

TEST_F(Hello, OurCsmIsFirst) {
  connect();
  turn([&] { EXPECT_EQ(to_hex(wire->sent), "50e12301020020"); });
  EXPECT_TRUE(carrier->known(peer));
  EXPECT_TRUE(carrier->verified(peer));
  EXPECT_TRUE(carrier->reliable());
}

TEST_F(Hello, BaseValuesHoldUntilTheirCsmComes) {
  connect();
  EXPECT_EQ(carrier->largest_block(peer), 6);
  EXPECT_EQ(carrier->largest_message(peer), 1150U);
  arrive(from_hex("40e122200020"));
  EXPECT_EQ(carrier->largest_block(peer), Block::kBert);
  EXPECT_EQ(carrier->largest_message(peer), 8190U);
  arrive(Frame(codes::kCsm).option(2, "0400").bytes());
  EXPECT_EQ(carrier->largest_block(peer), 5);
  EXPECT_EQ(carrier->largest_message(peer), 1022U);
}

TEST_F(Hello, ACsmAndARequestMayComeTogether) {
  connect();
  sent();
  arrive(join({plain_csm(), get("01")}));
  EXPECT_THAT(requests, ElementsAre("0.01 #01 11=61"));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(Hello, EmptyMessagesMayComeAtAnyTime) {
  connect();
  sent();
  arrive(join({from_hex("0000"), plain_csm(), from_hex("0000"), get("01"), from_hex("0000")}));
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(carrier->known(peer));
}

TEST_F(Hello, WhoDoesNotBeginWithACsmIsAborted) {
  const Bytes firsts[] = {get("01"),
                          Frame(codes::kContent).token("01").bytes(),
                          Frame(codes::kPing).bytes(),
                          Frame(codes::kPong).bytes(),
                          Frame(codes::kRelease).bytes(),
                          Frame(make_code(7, 9)).bytes()};
  for (const Bytes& first : firsts) {
    connect();
    sent();
    arrive(join({first, plain_csm(), get("02")}));
    EXPECT_THAT(sent(), ElementsAre("7.05 |the first message is not a CSM"));
    EXPECT_TRUE(wire->shut);
    EXPECT_TRUE(wire->destroyed);
    EXPECT_FALSE(carrier->known(peer));
  }
  EXPECT_THAT(requests, IsEmpty());
  EXPECT_EQ(gone.size(), std::size(firsts));
  EXPECT_EQ(carrier->connections(), 0U);
}

TEST_F(Hello, AnAbortIsHeardAtAnyTime) {
  connect();
  sent();
  arrive(Frame(codes::kAbort).payload("no").bytes());
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(wire->shut);
  EXPECT_THAT(gone, ElementsAre(peer));
}

TEST_F(Hello, ACriticalOptionOfACsmIsNamedInTheAbort) {
  connect();
  sent();
  arrive(Frame(codes::kCsm).option(2, "1000").option(17, "ff").bytes());
  EXPECT_THAT(sent(), ElementsAre("7.05 2=11 |critical option 17 of signal 7.01 is not understood"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(Hello, ALaterCsmIsJudgedAsTheFirst) {
  connect_introduced();
  arrive(Frame(codes::kCsm).option(2, "01").bytes());
  EXPECT_THAT(sent(), ElementsAre("7.05 2=02 |Max-Message-Size 1 has no room for a message"));
}

TEST_F(Hello, ElectiveOptionsThatNobodyKnowsAreIgnored) {
  connect();
  sent();
  arrive(join({Frame(codes::kCsm).option(2, "1000").option(6, "ff").option(300).bytes(), get("01")}));
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_EQ(carrier->largest_message(peer), 4094U);
}

TEST_F(Hello, ACriticalOptionOfAnySignalAborts) {  // [RFC 8323 5.2]
  for (const Code code : {codes::kPing, codes::kPong, codes::kRelease, make_code(7, 0), make_code(7, 31)}) {
    connect_introduced();
    arrive(Frame(code).option(9).bytes());
    EXPECT_THAT(sent(), ElementsAre("7.05 |critical option 9 of signal " + code.to_string() + " is not understood"));
    EXPECT_TRUE(wire->shut);
  }
}

TEST_F(Hello, SignalsThatNobodyDefinedAreIgnored) {
  connect_introduced();
  arrive(join({Frame(make_code(7, 0)).bytes(), Frame(make_code(7, 6)).option(2).payload("x").bytes(),
               Frame(make_code(7, 31)).token("01").bytes(), get("01")}));
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(Hello, ASlotThatIsUsedAgainIsAnotherPeer) {
  const PeerId first = connect();
  lose();
  const PeerId second = connect();
  EXPECT_EQ(first.slot, second.slot);
  EXPECT_NE(first, second);
  EXPECT_FALSE(carrier->known(first));
  EXPECT_EQ(carrier->credit(first), 0U);
  EXPECT_TRUE(carrier->known(second));
  EXPECT_FALSE(carrier->known({}));
  EXPECT_FALSE(carrier->known({77, 1}));
}

}  // namespace
}  // namespace sluice::coap

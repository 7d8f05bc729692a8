// SPDX-License-Identifier: Apache-2.0
// Bytes of a stream to messages [RFC 8323 3.2]: wherever it is cut, whatever is wrong with it, however long it is.
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Framing : public StreamTest {
 protected:
  void answer_at_once() {
    when_request = [this](const Incoming& incoming) {
      Parts parts;
      parts.code = codes::kContent;
      parts.token = incoming.pdu.token();
      parts.payload = incoming.pdu.payload();
      carrier->reply({.peer = incoming.peer}, parts);
    };
  }
  static Bytes everything() {
    return join({plain_csm(), from_hex("0000"), get("01"), Frame(codes::kPing).token("02").bytes(),
                 Frame(codes::kPut).token("0304050607080910").option(11, "62").payload(std::string(300, 'p')).bytes(),
                 Frame(codes::kPost).payload(std::string(20, 'q')).bytes(), from_hex("01437f"),
                 Frame(codes::kPing).token("04").option(2).bytes(), Frame(codes::kDelete).token("05").bytes()});
  }
  static std::vector<std::string> answers() {
    return {"7.01 2=010200 4=",
            "2.05 #01",
            "7.03 #02",
            "2.05 #0304050607080910 |" + std::string(300, 'p'),
            "2.05 |" + std::string(20, 'q'),
            "7.03 #04 2=",
            "2.05 #05"};
  }
};

TEST_F(Framing, BytesThatComeOneByOneAreTheSameMessages) {
  answer_at_once();
  connect();
  for (const std::byte byte : everything()) arrive({&byte, 1});
  EXPECT_EQ(sent(), answers());
  EXPECT_THAT(responses, ElementsAre("2.03 #7f"));
}

TEST_F(Framing, AStreamMayBeCutAnywhere) {
  answer_at_once();
  const Bytes whole = everything();
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    connect();
    arrive(std::span(whole).first(cut));
    arrive(std::span(whole).subspan(cut));
    ASSERT_EQ(sent(), answers()) << cut;
    lose();
  }
}

TEST_F(Framing, AStreamThatEndsAnywhereHarmsNobody) {
  answer_at_once();
  const Bytes whole = everything();
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    connect();
    arrive(std::span(whole).first(cut));
    lose();
    EXPECT_TRUE(wire->destroyed);
    EXPECT_FALSE(carrier->known(peer));
  }
  EXPECT_EQ(carrier->connections(), 0U);
}

TEST_F(Framing, WhatIsProducedInOneTurnLeavesInOneCall) {
  answer_at_once();
  connect();
  const std::size_t before = wire->writes;
  arrive(everything());
  EXPECT_EQ(wire->writes, before + 1);
}

struct Malformed {
  const char* name;
  const char* hex;
  const char* diagnosis;
};

TEST_F(Framing, MalformedMessagesAbortTheConnection) {
  const Malformed table[] = {
      {"token length 9", "0901", "the token is longer than 8 bytes"},
      {"token length 15, nothing else", "0f", "the token is longer than 8 bytes"},
      {"empty message with a token", "010041", "a message with code 0.00 holds more than its header"},
      {"empty message with a payload", "2000ff61", "a message with code 0.00 holds more than its header"},
      {"class 1", "0020", "the class of the code is reserved"},
      {"class 6", "00c0", "the class of the code is reserved"},
      {"option delta 15", "1001f0", "an option is malformed"},
      {"option length 15", "10010f", "an option is malformed"},
      {"option behind the end", "1001b5", "an option is malformed"},
      {"option number over 65535", "4001e0ffff00", "an option is malformed"},
      {"payload marker alone", "1001ff", "a payload marker without a payload"},
      {"malformed signal", "10e1f0", "an option is malformed"},
  };
  for (const Malformed& row : table) {
    connect_introduced();
    arrive(join({from_hex(row.hex), get("01")}));
    EXPECT_THAT(sent(), ElementsAre(std::string("7.05 |") + row.diagnosis)) << row.name;
    EXPECT_TRUE(wire->shut) << row.name;
    EXPECT_FALSE(carrier->known(peer)) << row.name;
  }
  EXPECT_THAT(requests, IsEmpty());
}

TEST_F(Framing, AMessageOfExactlyTheLimitIsTaken) {
  settings.max_message_size = 4096;
  connect_introduced();
  const std::size_t overhead = Frame(codes::kPut).token("01").payload(std::string(1000, 'x')).bytes().size() - 1000;
  arrive(Frame(codes::kPut).token("01").payload(std::string(4096 - overhead, 'x')).bytes());
  EXPECT_THAT(requests, SizeIs(1));
  arrive(Frame(codes::kPut).token("02").payload(std::string(4097 - overhead, 'x')).bytes());
  EXPECT_THAT(requests, SizeIs(1));
  EXPECT_THAT(sent(), ElementsAre("7.05 |a message of 4097 bytes exceeds Max-Message-Size 4096"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(Framing, TheLengthAloneIsEnoughToRefuseAMessage) {
  connect_introduced();
  arrive(from_hex("f0ffffffff"));
  EXPECT_THAT(sent(), ElementsAre("7.05 |a message of 4295033106 bytes exceeds Max-Message-Size 66048"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(Framing, WhatAPeerSendsBeforeItKnowsOurLimitIsTaken) {
  settings.max_message_size = 200;
  connect_introduced();
  arrive(Frame(codes::kPut).payload(std::string(1000, 'x')).bytes());
  EXPECT_THAT(requests, SizeIs(1));
  EXPECT_TRUE(carrier->known(peer));
}

TEST_F(Framing, UnfinishedMessagesAreBoundedTogether) {
  settings.unfinished_total = 20'000;
  connect_introduced();
  const PeerId patient = peer;
  const std::shared_ptr<Wire> patient_wire = wire;
  const Bytes message = Frame(codes::kPut).payload(std::string(20'000, 'x')).bytes();
  arrive(std::span(message).first(12'000));
  EXPECT_TRUE(carrier->known(patient));
  connect_introduced();
  arrive(std::span(message).first(12'000));
  EXPECT_THAT(sent(), ElementsAre("7.05 |too many messages are unfinished"));
  // A little is always allowed: a message that is cut by its way through the network.
  connect_introduced();
  arrive(std::span(message).first(4'000));
  connect_introduced();
  arrive(std::span(message).first(4'000));
  connect_introduced();
  arrive(std::span(message).first(4'000));
  EXPECT_TRUE(carrier->known(peer));
  arrive(std::span(message).subspan(12'000), patient_wire);
  EXPECT_THAT(requests, SizeIs(1));
  // There is room again.
  arrive(std::span(message).subspan(4'000));
  EXPECT_THAT(requests, SizeIs(2));
}

TEST_F(Framing, OneTurnServesABoundedNumberOfMessagesAndTheNextGoesOn) {
  answer_at_once();
  connect_introduced();
  Bytes many;
  for (int i = 0; i < 1000; ++i) {
    const Bytes one = get("01");
    many.insert(many.end(), one.begin(), one.end());
  }
  std::size_t in_the_turn = 0;
  turn([&] {
    wire->events->on_bytes(many);
    in_the_turn = requests.size();
  });
  EXPECT_EQ(in_the_turn, 256U);
  bool all = false;
  for (int turns = 0; turns < 1000 && !all; ++turns) {
    turn([&] { all = requests.size() >= 1000 && !wire->paused; });
  }
  EXPECT_EQ(requests.size(), 1000U);
  EXPECT_FALSE(wire->paused);
  EXPECT_EQ(sent().size(), 1000U);
}

TEST_F(Framing, ACarrierMayEndWhileInputWaitsForTheNextTurn) {
  answer_at_once();
  connect_introduced();
  Bytes many;
  for (int i = 0; i < 300; ++i) {
    const Bytes one = get("01");
    many.insert(many.end(), one.begin(), one.end());
  }
  turn([&] {
    wire->events->on_bytes(many);
    carrier.reset();
  });
  EXPECT_EQ(requests.size(), 256U);
  EXPECT_TRUE(wire->destroyed);
}

}  // namespace
}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
// Which message is what, and what is said to those that make no sense [RFC 7252 4.2, 4.3, 8.1].
#include "tests/unit/coap_message/message_fixture.h"

namespace sluice::coap::testing {
namespace {

using Types = MessageTest;
using Lines = std::vector<std::string>;

TEST_F(Types, AnswersAConfirmableRequestInItsAcknowledgement) {
  answer_at_once();
  receive("41 01 12 34 77");
  EXPECT_EQ(sent(), Lines{"61 45 12 34 77 ff 68 69"});
}

TEST_F(Types, AnswersANonConfirmableRequestWithAMessageOfItsOwn) {
  answer_at_once();
  receive("51 01 12 34 77");
  receive("51 01 12 35 77");
  ASSERT_EQ(port_.sent.size(), 2U);
  const int first =
      std::stoi(hex(std::span(port_.sent[0].bytes).subspan(2, 1)) + hex(std::span(port_.sent[0].bytes).subspan(3, 1)),
                nullptr, 16);
  const int second =
      std::stoi(hex(std::span(port_.sent[1].bytes).subspan(2, 1)) + hex(std::span(port_.sent[1].bytes).subspan(3, 1)),
                nullptr, 16);
  EXPECT_EQ((first + 1) & 0xFFFF, second);
  EXPECT_EQ(hex(std::span(port_.sent[0].bytes).first(2)), "51 45");
  EXPECT_EQ(hex(std::span(port_.sent[0].bytes).subspan(4)), "77 ff 68 69");
}

// Table 1 of RFC 7252: what a type may carry. What it may not is rejected: with a Reset if it is confirmable.
TEST_F(Types, EveryTypeWithEveryContent) {
  events_.wants_responses = true;
  const struct {
    std::string_view datagram;
    std::string_view answer;
    std::size_t requests;
    std::size_t responses;
  } rows[] = {
      {"40 01 00 01", "", 1, 0},             // CON request
      {"50 01 00 02", "", 1, 0},             // NON request
      {"60 01 00 03", "", 0, 0},             // ACK request
      {"70 01 00 04", "", 0, 0},             // RST request
      {"40 45 00 05", "60 00 00 05", 0, 1},  // CON response
      {"50 45 00 06", "", 0, 1},             // NON response
      {"60 45 00 07", "", 0, 0},             // ACK response, of nothing that was sent
      {"70 45 00 08", "", 0, 0},             // RST response
      {"40 00 00 09", "70 00 00 09", 0, 0},  // CON empty: a ping
      {"50 00 00 0a", "", 0, 0},             // NON empty
      {"60 00 00 0b", "", 0, 0},             // ACK empty, of nothing that was sent
      {"70 00 00 0c", "", 0, 0},             // RST empty, of nothing that was sent
  };
  static_cast<void>(acquaint());
  for (const auto& row : rows) {
    events_.requests.clear();
    events_.responses.clear();
    receive(row.datagram);
    EXPECT_EQ(events_.requests.size(), row.requests) << row.datagram;
    EXPECT_EQ(events_.responses.size(), row.responses) << row.datagram;
    EXPECT_EQ(sent(), row.answer.empty() ? Lines{} : Lines{std::string(row.answer)}) << row.datagram;
  }
}

TEST_F(Types, ResetsWhatIsConfirmableAndMalformedAndIsSilentElse) {
  const struct {
    std::string_view datagram;
    std::string_view answer;
  } rows[] = {
      {"", ""},
      {"40", ""},
      {"40 01 12", ""},
      {"00 01 00 01", ""},                // version 0
      {"80 01 00 01", ""},                // version 2
      {"49 01 00 02", "70 00 00 02"},     // token of nine bytes
      {"42 01 00 03 aa", "70 00 00 03"},  // token cut off
      {"40 01 00 04 f0", "70 00 00 04"},  // option delta 15
      {"40 01 00 05 ff", "70 00 00 05"},  // marker without payload
      {"41 00 00 06 aa", "70 00 00 06"},  // an empty message that is not empty
      {"40 20 00 07", "70 00 00 07"},     // reserved class 1
      {"40 c0 00 08", "70 00 00 08"},     // reserved class 6
      {"40 e1 00 09", "70 00 00 09"},     // a signal, which only streams have
      {"59 01 00 0a", ""},
      {"69 01 00 0b", ""},  // the same where nothing is to be answered
      {"79 01 00 0c", ""},
      {"50 20 00 0d", ""},
  };
  for (const auto& row : rows) {
    receive(row.datagram);
    EXPECT_EQ(sent(), row.answer.empty() ? Lines{} : Lines{std::string(row.answer)}) << row.datagram;
    receive(row.datagram, 1, true);
    EXPECT_EQ(sent(), Lines{}) << "to a group: " << row.datagram;
  }
  EXPECT_TRUE(events_.requests.empty());
  EXPECT_EQ(layer().peers(), 0U) << "what is malformed makes nobody known";
}

TEST_F(Types, APingMakesNobodyKnown) {
  receive("40 00 be ef");
  EXPECT_EQ(sent(), Lines{"70 00 be ef"});
  EXPECT_EQ(layer().peers(), 0U);
}

TEST_F(Types, OfAGroupOnlyNonConfirmableRequestsCount) {
  for (const std::string_view datagram : {"40 01 00 01", "40 00 00 02", "40 45 00 03", "50 45 00 04", "50 00 00 05"}) {
    receive(datagram, 1, true);
  }
  EXPECT_TRUE(events_.requests.empty());
  EXPECT_TRUE(events_.responses.empty());
  EXPECT_EQ(sent(), Lines{});
  receive("50 01 00 06", 1, true);
  ASSERT_EQ(events_.requests.size(), 1U);
  EXPECT_TRUE(events_.requests[0].multicast);
}

TEST_F(Types, AnAcknowledgementOrResetThatWasSentToAGroupSettlesNothing) {
  const PeerId peer = acquaint();
  static_cast<void>(send(peer, Confirm::Yes, 1));
  receive("60 00 " + sent_mid(), 1, true);
  receive("70 00 " + sent_mid(), 1, true);
  EXPECT_TRUE(sink_.told.empty());
}

TEST_F(Types, AGroupDoesNotChangeTheAddressFromWhichAPeerIsAnswered) {
  answer_at_once();
  receive("40 01 00 01");
  DatagramPath group = path_of(1);
  group.local_ip = {};
  const Bytes request = hex("50 01 00 02");
  layer().on_datagram({group, request, true});
  port_.sent.clear();
  static_cast<void>(send(events_.requests[0].peer, Confirm::No, 1));
  EXPECT_EQ(port_.sent.at(0).path, path_of(1));
}

TEST_F(Types, ResetsResponsesThatNobodyWaitsFor) {
  receive("40 45 00 01", 7);  // of a stranger
  receive("50 45 00 02", 7);
  EXPECT_EQ(sent(), Lines{"70 00 00 01"});
  static_cast<void>(acquaint());
  receive("40 45 00 03");
  receive("50 45 00 04");  // [RFC 7641 3.6]
  EXPECT_EQ(sent(), (Lines{"70 00 00 03", "70 00 00 04"}));
  EXPECT_EQ(events_.responses.size(), 2U);
}

TEST_F(Types, AcknowledgesASeparateResponseThatSomebodyWaitsForAndItsDuplicates) {
  static_cast<void>(acquaint());
  events_.wants_responses = true;
  receive("41 45 00 01 aa ff 01");
  receive("41 45 00 01 aa ff 01");
  EXPECT_EQ(sent(), (Lines{"60 00 00 01", "60 00 00 01"}));
  EXPECT_EQ(events_.responses.size(), 1U);
}

TEST_F(Types, AReplyAfterTheEmptyAcknowledgementIsAConfirmableMessage) {
  receive("41 01 12 34 77");
  const auto request = events_.requests.at(0);
  layer().acknowledge(request.to);
  EXPECT_EQ(sent(), Lines{"60 00 12 34"});
  Parts parts = notification("hi");
  parts.token = request.token;
  ReplyTo to = request.to;
  to.acknowledged = true;
  layer().reply(to, parts);
  ASSERT_EQ(port_.sent.size(), 1U);
  const std::string mid = sent_mid();
  EXPECT_EQ(sent(), Lines{"41 45 " + mid + " 77 ff 68 69"});
  // Duplicates of the request still get what they got then [RFC 7252 4.2].
  receive("41 01 12 34 77");
  EXPECT_EQ(sent(), Lines{"60 00 12 34"});
  receive("60 00 " + mid);
  clock_.pass(std::chrono::minutes(2));
  EXPECT_EQ(sent(), Lines{});
}

TEST_F(Types, NothingIsAcknowledgedThatIsNotConfirmable) {
  receive("50 01 00 01");
  layer().acknowledge(events_.requests.at(0).to);
  EXPECT_EQ(sent(), Lines{});
  layer().reject(events_.requests.at(0).to);
  EXPECT_EQ(sent(), Lines{"70 00 00 01"});
}

}  // namespace
}  // namespace sluice::coap::testing

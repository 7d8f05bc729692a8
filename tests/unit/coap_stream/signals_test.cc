// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/signals.h"

#include "shared/coap/stream/exchange_queue.h"
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::HasSubstr;

std::optional<SignalProblem> apply(Capabilities& capabilities, const Frame& frame) {
  const Bytes bytes = frame.bytes();
  return capabilities.apply(*Pdu::parse_frame(bytes));
}

TEST(Signals, AreOnTheWireWhatTheFiguresShow) {  // [RFC 8323 5.7]
  const Token token = Token::from(from_hex("42"));
  EXPECT_EQ(to_hex(encode_frame(make_ping(token))), "01e242");
  EXPECT_EQ(to_hex(encode_frame(make_pong(token, Custody::No))), "01e342");
}

TEST(Signals, GoldenBytes) {
  EXPECT_EQ(to_hex(encode_frame(make_csm(1152))), "40e122048020");
  EXPECT_EQ(to_hex(encode_frame(make_csm(66048))), "50e12301020020");
  EXPECT_EQ(to_hex(encode_frame(make_pong(Token::from(from_hex("42")), Custody::Yes))), "11e34220");
  EXPECT_EQ(to_hex(encode_frame(make_release())), "00e4");
  EXPECT_EQ(to_hex(encode_frame(make_abort("no", 0))), "30e5ff6e6f");
  EXPECT_EQ(to_hex(encode_frame(make_abort("no", 17))), "50e52111ff6e6f");
}

TEST(Capabilities, BaseValuesHoldBeforeAnythingIsSaid) {
  const Capabilities base;
  EXPECT_EQ(base.max_message_size, 1152U);
  EXPECT_FALSE(base.block_wise);
  EXPECT_FALSE(base.bert());
  EXPECT_EQ(base.largest_block(), 6);
}

TEST(Capabilities, AddUp) {  // [RFC 8323 5.3]
  Capabilities peer;
  EXPECT_FALSE(apply(peer, Frame(codes::kCsm).option(2, "1000")));
  EXPECT_EQ(peer.max_message_size, 0x1000U);
  EXPECT_FALSE(peer.bert());
  EXPECT_FALSE(apply(peer, Frame(codes::kCsm).option(4)));
  EXPECT_EQ(peer.max_message_size, 0x1000U);
  EXPECT_TRUE(peer.bert());
  EXPECT_EQ(peer.largest_block(), Block::kBert);
  EXPECT_FALSE(apply(peer, Frame(codes::kCsm)));
  EXPECT_TRUE(peer.bert());
  // A size that is not over the base value takes BERT back [RFC 8323 5.3.2].
  EXPECT_FALSE(apply(peer, Frame(codes::kCsm).option(2, "0480")));
  EXPECT_FALSE(peer.bert());
  EXPECT_TRUE(peer.block_wise);
  EXPECT_EQ(peer.largest_block(), 6);
}

TEST(Capabilities, BlocksFitIntoTheMessages) {
  Capabilities peer;
  const std::pair<std::uint32_t, int> expected[] = {{1152, 6}, {1151, 5}, {640, 5}, {639, 4}, {144, 0}, {64, 0}};
  for (const auto& [size, exponent] : expected) {
    peer.max_message_size = size;
    EXPECT_EQ(peer.largest_block(), exponent) << size;
  }
}

TEST(Capabilities, TheLargestMessageIsTheSmallerOfTheTwo) {
  Capabilities peer;
  peer.max_message_size = 10'000;
  EXPECT_EQ(peer.largest_message(1152), 1150U);
  EXPECT_EQ(peer.largest_message(100'000), 9'998U);
}

TEST(Capabilities, ASizeWithoutRoomForAMessageIsAProblem) {
  for (const char* const size : {"", "00", "3f"}) {
    Capabilities peer;
    const auto problem = apply(peer, Frame(codes::kCsm).option(2, size));
    ASSERT_TRUE(problem) << size;
    EXPECT_EQ(problem->option, 2);
    EXPECT_THAT(problem->diagnosis, HasSubstr("Max-Message-Size"));
    EXPECT_EQ(peer.max_message_size, 1152U);
  }
}

TEST(Capabilities, AnOptionWithALengthThatItCannotHaveIsAsGoodAsAbsent) {
  Capabilities peer;
  EXPECT_FALSE(apply(peer, Frame(codes::kCsm).option(2, "0000001000").option(4, "01")));
  EXPECT_EQ(peer.max_message_size, 1152U);
  EXPECT_FALSE(peer.block_wise);
}

TEST(Capabilities, TheLargestSizeIsNoProblem) {
  Capabilities peer;
  EXPECT_FALSE(apply(peer, Frame(codes::kCsm).option(2, "ffffffff").option(4)));
  EXPECT_EQ(peer.max_message_size, 0xFFFFFFFFU);
  EXPECT_EQ(peer.largest_message(66'048), 66'046U);
}

TEST(Signals, ADiagnosisIsOneShortLine) {
  const Bytes bytes = Frame(codes::kAbort).payload("bad\nthing\x7f" + std::string(500, 'x')).bytes();
  const std::string text = diagnosis_of(*Pdu::parse_frame(bytes));
  EXPECT_EQ(text.substr(0, 11), "bad?thing?x");
  EXPECT_EQ(text.size(), 120U);
}

TEST(ExchangeQueue, SignalsWaitForTheRequestsBeforeThem) {
  ExchangeQueue queue;
  const Token a = Token::from(from_hex("0a"));
  const Token b = Token::from(from_hex("0b"));
  const Token ping = Token::from(from_hex("0c"));
  queue.add(ExchangeQueue::Kind::Request, a);
  queue.add(ExchangeQueue::Kind::Ping, ping);
  queue.add(ExchangeQueue::Kind::Request, b);
  queue.answered(b);
  EXPECT_FALSE(queue.next_signal());
  queue.answered(a);
  const auto signal = queue.next_signal();
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->token, ping);
  EXPECT_TRUE(queue.empty());
}

TEST(ExchangeQueue, ATokenThatIsUsedTwiceIsCountedTwice) {
  ExchangeQueue queue;
  queue.add(ExchangeQueue::Kind::Request, {});
  queue.add(ExchangeQueue::Kind::Request, {});
  queue.answered({});
  EXPECT_EQ(queue.size(), 1U);
  queue.answered({});
  queue.answered({});
  EXPECT_TRUE(queue.empty());
}

TEST(ExchangeQueue, OnlyARequestThatMayEndsWithoutAnAnswer) {
  ExchangeQueue queue;
  queue.add(ExchangeQueue::Kind::Request, {});
  queue.ended_quietly(true);
  EXPECT_EQ(queue.size(), 1U);
  queue.add(ExchangeQueue::Kind::QuietRequest, {});
  queue.ended_quietly(false);
  EXPECT_EQ(queue.size(), 1U);
}

}  // namespace
}  // namespace sluice::coap

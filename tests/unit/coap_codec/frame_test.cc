// SPDX-License-Identifier: Apache-2.0
// Frames of streams [RFC 8323 3.2].
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

TEST(Frame, Rfc8323FigureFive) {
  const Bytes frame = wire("01 43 7f");
  EXPECT_EQ(frame_length(frame), 3U);
  const auto pdu = Pdu::parse_frame(frame);
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->code(), codes::kValid);
  EXPECT_EQ(hex(pdu->token().view()), "7f");
  EXPECT_TRUE(pdu->options().empty());
  EXPECT_EQ(hex(encode_frame(parts_of(*pdu))), "01437f");
}

TEST(Frame, Rfc8323Section53CapabilitiesAndSettings) {
  // Max-Message-Size 1,152 and Block-Wise-Transfer.
  const Bytes frame = wire("40 e1 22 0480 20");
  const auto pdu = Pdu::parse_frame(frame);
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->code(), codes::kCsm);
  EXPECT_TRUE(pdu->code().is_signal());
  EXPECT_EQ(pdu->option(signal_options::kCsmMaxMessageSize)->uint(), 1152U);
  EXPECT_TRUE(pdu->option(signal_options::kCsmBlockWiseTransfer));
  Parts parts;
  parts.code = codes::kCsm;
  parts.options.add(signal_options::kCsmBlockWiseTransfer).add(signal_options::kCsmMaxMessageSize, 1152);
  EXPECT_EQ(hex(encode_frame(parts)), hex(frame));
}

TEST(Frame, Rfc8323Section54AnEmptyMessageIsTwoBytes) {
  const auto pdu = Pdu::parse_frame(wire("00 00"));
  ASSERT_TRUE(pdu);
  EXPECT_TRUE(pdu->code().is_empty());
  EXPECT_EQ(pdu->type(), Type::Confirmable);
  EXPECT_EQ(pdu->mid(), 0);
}

TEST(Frame, WhatFollowsIsLeftAlone) {
  const Bytes stream = wire("01 43 7f 40 e1");
  const auto pdu = Pdu::parse_frame(stream);
  ASSERT_TRUE(pdu);
  EXPECT_TRUE(pdu->payload().empty());
}

struct Length {
  std::string begin;
  std::size_t length;
};

TEST(Frame, LengthFromItsFirstBytes) {
  const std::vector<Length> rows{
      {"00", 2},
      {"08", 10},
      {"c0", 14},
      {"d0 00", 3 + 13},
      {"d0 ff", 3 + 268},
      {"e0 0000", 4 + 269},
      {"e8 ffff", 4 + 8 + 65804},
      {"f0 00000000", 6 + 65805},
      {"f8 ffffffff", 6 + 8 + 65805 + std::size_t{0xFFFFFFFF}},
  };
  for (const Length& row : rows) {
    const Bytes begin = wire(row.begin);
    EXPECT_EQ(frame_length(begin), row.length) << row.begin;
    EXPECT_EQ(frame_length(std::span(begin).first(begin.size() - 1)), std::nullopt) << row.begin;
  }
}

TEST(Frame, TheLongestLengthIsNoReasonToReadBeyondTheEnd) {
  const ExactBlock block(wire("f0 ffffffff 01 b1 'a'"));
  EXPECT_EQ(Pdu::parse_frame(block.span()).error(), PduErrc::Truncated);
}

TEST(Frame, RoundTripAtEveryBorderOfTheLength) {
  for (const std::size_t body : {0U, 2U, 12U, 13U, 268U, 269U, 65804U, 65805U, 70000U}) {
    const Bytes payload(body == 0 ? 0 : body - 1, std::byte{'p'});
    Parts parts;
    parts.code = codes::kPut;
    parts.token = Token::from(wire("0102"));
    parts.payload = payload;
    const Bytes frame = encode_frame(parts);
    EXPECT_EQ(frame.size(), encoded_frame_size(parts));
    EXPECT_EQ(frame_length(frame), frame.size()) << body;
    const auto pdu = Pdu::parse_frame(frame);
    ASSERT_TRUE(pdu) << body;
    EXPECT_EQ(text_of(pdu->payload()), text_of(payload));
    EXPECT_EQ(hex(pdu->token().view()), "0102");
  }
}

TEST(Frame, ALengthThatIsLongerThanItNeedsToBeIsRead) {
  const auto pdu = Pdu::parse_frame(wire("f0 00000000 01 'x'"));
  EXPECT_FALSE(pdu);
  Bytes frame = wire("f0 00000000 02 ff");
  frame.insert(frame.end(), 65804, std::byte{'x'});
  EXPECT_TRUE(Pdu::parse_frame(frame));
}

struct Malformed {
  std::string name;
  std::string frame;
  PduErrc error;
};

TEST(Frame, Malformed) {
  const std::vector<Malformed> rows{
      {"RFC 7252 3: token length 9", "09 01 010203040506070809", PduErrc::TokenTooLong},
      {"RFC 7252 12.1: class 1", "00 20", PduErrc::ReservedCode},
      {"RFC 7252 12.1: class 6", "00 df", PduErrc::ReservedCode},
      {"RFC 7252 4.1: empty with token", "01 00 01", PduErrc::EmptyNotEmpty},
      {"RFC 7252 4.1: empty with option", "10 00 b0", PduErrc::EmptyNotEmpty},
      {"RFC 7252 3: marker without payload", "10 01 ff", PduErrc::EmptyPayload},
      {"RFC 7252 3.1: delta 15", "10 01 f0", PduErrc::BadOption},
      {"RFC 7252 3.1: the value ends in the next frame", "10 01 b1 'a'", PduErrc::BadOption},
      {"RFC 8323 3.2: no code", "00", PduErrc::Truncated},
      {"RFC 8323 3.2: no bytes", "", PduErrc::Truncated},
      {"RFC 8323 3.2: the extended length is cut off", "e0 00", PduErrc::Truncated},
  };
  for (const Malformed& row : rows) {
    const ExactBlock block(wire(row.frame));
    const auto pdu = Pdu::parse_frame(block.span());
    ASSERT_FALSE(pdu) << row.name;
    EXPECT_EQ(pdu.error(), row.error) << row.name;
  }
}

}  // namespace
}  // namespace sluice::coap::test

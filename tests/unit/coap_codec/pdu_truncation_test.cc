// SPDX-License-Identifier: Apache-2.0
// One message with everything in it, cut at every length: refused, except where what is left is a message of its own.
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

// Token, a plain option, one with a delta of one more byte, one with delta and length of two more bytes, payload.
Bytes whole_datagram() {
  Bytes bytes = wire("44 01 0001 01020304 b2 'ps' d1 03 0a ee 0100 0000");
  bytes.insert(bytes.end(), 269, std::byte{'v'});
  for (const std::byte byte : wire("ff 'payload'")) bytes.push_back(byte);
  return bytes;
}

TEST(Truncation, OfADatagram) {
  const Bytes whole = whole_datagram();
  const std::size_t marker = whole.size() - 8;
  // Behind the token and behind each option; from the first byte of the payload on, a shorter payload.
  const std::set<std::size_t> messages{8, 11, 14, marker};
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const ExactBlock block{std::span(whole).first(length)};
    const auto pdu = Pdu::parse(block.span());
    EXPECT_EQ(pdu.has_value(), messages.contains(length) || length > marker + 1) << length;
    if (!pdu) {
      EXPECT_EQ(pdu.error().category(), pdu_category());
    }
  }
}

TEST(Truncation, OfAFrame) {
  const Bytes datagram = whole_datagram();
  const Bytes whole = encode_frame(parts_of(parsed(datagram)));
  ASSERT_EQ(static_cast<unsigned>(whole.front()), 0xE4U);  // two bytes of extended length
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const ExactBlock block{std::span(whole).first(length)};
    const auto pdu = Pdu::parse_frame(block.span());
    ASSERT_FALSE(pdu) << length;
    EXPECT_EQ(pdu.error(), PduErrc::Truncated) << length;
    EXPECT_EQ(frame_length(block.span()), length < 3 ? std::nullopt : std::optional(whole.size())) << length;
  }
}

// The body is as long as the frame says, but an option or the token in it is not.
TEST(Truncation, OfABodyInAFrameOfItsLength) {
  const Bytes body = wire("b2 'ps' d1 03 0a ff 'p'");
  const std::set<std::size_t> messages{0, 3, 6, 8};
  for (std::size_t length = 0; length <= body.size(); ++length) {
    Bytes frame{static_cast<std::byte>(length << 4U), std::byte{0x01}};
    frame.insert(frame.end(), body.begin(), body.begin() + static_cast<std::ptrdiff_t>(length));
    const ExactBlock block(frame);
    EXPECT_EQ(Pdu::parse_frame(block.span()).has_value(), messages.contains(length)) << length;
  }
}

}  // namespace
}  // namespace sluice::coap::test

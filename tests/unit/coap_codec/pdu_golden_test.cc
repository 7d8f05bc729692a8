// SPDX-License-Identifier: Apache-2.0
// Messages that the documents themselves show, and what they decode to.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shared/coap/codec/block.h"
#include "shared/coap/codec/uri.h"
#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

struct Golden {
  std::string name;
  std::string datagram;
};

std::vector<Golden> goldens() {
  const std::string block(128, 'x');
  return {
      {"rfc7252_a_figure_16_request", "40 01 7d34 bb 'temperature'"},
      {"rfc7252_a_figure_16_response", "60 45 7d34 ff '22.3 C'"},
      {"rfc7252_a_figure_17_request", "41 01 7d35 20 bb 'temperature'"},
      {"rfc7252_a_figure_17_response", "61 45 7d35 20 ff '22.3 C'"},
      {"rfc7252_a_figure_20_empty_acknowledgement", "60 00 7d38"},
      {"rfc7252_a_figure_20_separate_response", "41 45 ad7b 53 ff '22.3 C'"},
      {"rfc7252_a_figure_21_reset", "70 00 ad7c"},
      {"rfc7252_a_figure_22_request", "51 01 7d40 75 bb 'temperature'"},
      {"rfc7252_a_figure_22_response", "51 45 ad7d 75 ff '22.3 C'"},
      {"rfc7252_a_figure_23_not_found", "51 84 952a 86"},
      {"rfc7641_a_1_register", "41 01 1633 4a 60 5b 'temperature'"},
      {"rfc7641_a_1_registered", "61 45 1633 4a 61 09 81 0f ff '18.5 Cel'"},
      {"rfc7959_3_1_figure_2_request", "40 01 1235 b6 'status' c1 13"},
      {"rfc7959_3_1_figure_2_response", "60 45 1235 d1 0a 1b ff '" + block + "'"},
      {"rfc7959_3_2_figure_7_request", "40 03 1234 b7 'options' d1 03 0b ff '" + block + "'"},
      {"rfc7959_3_2_figure_7_continue", "60 5f 1234 d1 0e 0b"},
      {"rfc7959_3_4_figure_12_request", "41 01 1636 fb 60 5b 'status-icon'"},
      {"rfc7959_3_4_figure_12_response", "61 45 1636 fb 44 6f00f38e 22 f38e d1 04 0b ff '" + block + "'"},
      {"rfc7252_4_3_ping", "40 00 0001"},
      {"token_of_eight_bytes", "48 01 0001 0102030405060708"},
      {"extended_delta_of_two_bytes", "40 01 0001 e1 0017 40"},
      {"extended_delta_at_its_border", "40 01 0001 d0 00 d0 ff e0 0000"},
      {"extended_length_at_its_borders", "40 01 0001 bc '012345678901' 0d 00 '0123456789012'"},
      {"option_number_65535", "40 01 0001 e0 fef2"},
  };
}

class GoldenDatagram : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenDatagram, EncodesToTheBytesItWasDecodedFrom) {
  const Bytes bytes = wire(GetParam().datagram);
  const auto pdu = Pdu::parse(bytes);
  ASSERT_TRUE(pdu) << pdu.error().message();
  const Parts parts = parts_of(*pdu);
  EXPECT_EQ(hex(encode(parts)), hex(bytes));
  EXPECT_EQ(encoded_size(parts), bytes.size());
}

TEST_P(GoldenDatagram, AsAFrameKeepsWhatAFrameHas) {
  const Bytes bytes = wire(GetParam().datagram);
  const Parts parts = parts_of(parsed(bytes));
  const Bytes frame = encode_frame(parts);
  EXPECT_EQ(frame_length(frame), frame.size());
  const auto again = Pdu::parse_frame(frame);
  ASSERT_TRUE(again) << again.error().message();
  Parts back = parts_of(*again);
  EXPECT_EQ(back.type, Type::Confirmable);
  EXPECT_EQ(back.mid, 0);
  back.type = parts.type;
  back.mid = parts.mid;
  EXPECT_EQ(hex(encode(back)), hex(bytes));
}

INSTANTIATE_TEST_SUITE_P(All, GoldenDatagram, ::testing::ValuesIn(goldens()),
                         [](const auto& row) { return row.param.name; });

TEST(GoldenFields, Rfc7252FigureSeventeen) {
  const Bytes request_bytes = wire("41 01 7d35 20 bb 'temperature'");
  const Pdu request = parsed(request_bytes);
  EXPECT_EQ(request.type(), Type::Confirmable);
  EXPECT_EQ(request.code(), codes::kGet);
  EXPECT_EQ(request.mid(), 0x7D35);
  EXPECT_EQ(hex(request.token().view()), "20");
  ASSERT_EQ(request.options().size(), 1U);
  EXPECT_EQ(request.option(Option::UriPath)->text(), "temperature");
  EXPECT_TRUE(request.payload().empty());
  const Bytes response_bytes = wire("61 45 7d35 20 ff '22.3 C'");
  const Pdu response = parsed(response_bytes);
  EXPECT_EQ(response.type(), Type::Acknowledgement);
  EXPECT_EQ(response.code().to_string(), "2.05");
  EXPECT_EQ(text_of(response.payload()), "22.3 C");
  EXPECT_EQ(response.token(), request.token());
}

TEST(GoldenFields, Rfc7641Registration) {
  const Bytes bytes = wire("61 45 1633 4a 61 09 81 0f ff '18.5 Cel'");
  const Pdu pdu = parsed(bytes);
  EXPECT_EQ(pdu.option(Option::Observe)->uint(), 9U);
  EXPECT_EQ(pdu.option(Option::MaxAge)->uint(), 15U);
  EXPECT_EQ(pdu.option(Option::ETag).has_value(), false);
}

TEST(GoldenFields, Rfc7959FigureTwelve) {
  const Bytes bytes = wire("61 45 1636 fb 44 6f00f38e 22 f38e d1 04 0b ff 'icon'");
  const Pdu pdu = parsed(bytes);
  EXPECT_EQ(Block::from(*pdu.option(Option::Block2)), (Block{0, true, 3}));
  EXPECT_EQ(pdu.option(Option::Observe)->uint(), 62350U);
  EXPECT_EQ(hex(pdu.option(Option::ETag)->value), "6f00f38e");
}

TEST(GoldenFields, OptionsKeepTheirOrder) {
  const Bytes bytes = wire("40 01 0001 b2 'ps' 01 'a' 01 'b' 43 'q=1' 03 'r=2'");
  const Pdu pdu = parsed(bytes);
  EXPECT_EQ(join_segments(pdu.options()), "ps/a/b");
  ASSERT_EQ(pdu.options().size(), 5U);
  EXPECT_EQ(pdu.options()[4].text(), "r=2");
  EXPECT_TRUE(pdu.options()[4].is(Option::UriQuery));
}

// [RFC 7252 5.4.3] A value outside its definition is treated as an option that is not known: not as a malformed
// message, and of an elective option nothing is seen.
TEST(GoldenFields, OptionOfUndefinedLengthIsAsGoodAsAbsent) {
  const Bytes observe_of_four_bytes = wire("40 01 0001 64 00000001");
  const Pdu pdu = parsed(observe_of_four_bytes);
  ASSERT_EQ(pdu.options().size(), 1U);
  EXPECT_FALSE(pdu.option(Option::Observe));
  EXPECT_FALSE(has_defined_length(pdu.code(), pdu.options().front()));
}

TEST(GoldenFields, AMessageMovesAndCopiesWithItsViews) {
  Bytes bytes = wire("40 01 0001 b2 'ps' 01 'a' ff 'payload'");
  Pdu pdu = parsed(bytes);
  const Bytes kept = std::move(bytes);
  const Pdu moved = std::move(pdu);
  const Pdu copy = moved;
  EXPECT_EQ(join_segments(copy.options()), "ps/a");
  EXPECT_EQ(text_of(moved.payload()), "payload");
  EXPECT_EQ(moved.payload().data(), kept.data() + kept.size() - 7);
}

TEST(GoldenFields, ReadHeaderNeedsFourBytesAndJudgesNothing) {
  EXPECT_FALSE(read_header(wire("40 01 00")));
  const auto header = read_header(wire("ff c3 1234"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->version, 3);
  EXPECT_EQ(header->type, Type::Reset);
  EXPECT_EQ(header->code, make_code(6, 3));
  EXPECT_EQ(header->mid, 0x1234);
}

TEST(Encode, OfAnEmptyMessageOnlyTheHeader) {
  Parts parts;
  parts.type = Type::Acknowledgement;
  parts.mid = 0xAD7B;
  parts.token = Token::from(wire("01 02"));
  parts.options.add(Option::UriPath, "a");
  const Bytes payload = wire("'x'");
  parts.payload = payload;
  EXPECT_EQ(hex(encode(parts)), "6000ad7b");
  EXPECT_EQ(hex(encode_frame(parts)), "0000");
}

TEST(Encode, IntoTheCallersBufferOrNotAtAll) {
  const Bytes bytes = wire("41 45 ad7b 53 61 09 ff '22.3 C'");
  const Parts parts = parts_of(parsed(bytes));
  Bytes out(bytes.size() + 1, std::byte{0xEE});
  EXPECT_EQ(encode_into(parts, out), bytes.size());
  EXPECT_EQ(hex(out), hex(bytes) + "ee");
  Bytes narrow(bytes.size() - 1, std::byte{0xEE});
  EXPECT_EQ(encode_into(parts, narrow), 0U);
  EXPECT_EQ(encode_frame_into(parts, std::span(narrow).first(encoded_frame_size(parts) - 1)), 0U);
  EXPECT_EQ(narrow, Bytes(narrow.size(), std::byte{0xEE}));
}

}  // namespace
}  // namespace sluice::coap::test

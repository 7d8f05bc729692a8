// SPDX-License-Identifier: Apache-2.0
// Bytes that are no message, each with the reason; and what looks odd and is one.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

struct Malformed {
  std::string name;  ///< begins with the clause
  std::string bytes;
  PduErrc error;
};

std::vector<Malformed> malformed() {
  return {
      {"rfc7252_3_no_bytes", "", PduErrc::Truncated},
      {"rfc7252_3_three_bytes", "40 01 00", PduErrc::Truncated},
      {"rfc7252_3_version_0", "00 01 0001", PduErrc::WrongVersion},
      {"rfc7252_3_version_2", "80 01 0001", PduErrc::WrongVersion},
      {"rfc7252_3_version_3_with_all_else_wrong", "ff ff ffff ff", PduErrc::WrongVersion},
      {"rfc7252_3_token_length_9", "49 01 0001 010203040506070809", PduErrc::TokenTooLong},
      {"rfc7252_3_token_length_15", "4f 01 0001", PduErrc::TokenTooLong},
      {"rfc7252_3_token_cut_off", "44 01 0001 010203", PduErrc::Truncated},
      {"rfc7252_3_payload_marker_without_payload", "40 01 0001 ff", PduErrc::EmptyPayload},
      {"rfc7252_3_payload_marker_behind_options", "40 01 0001 b1 'a' ff", PduErrc::EmptyPayload},
      {"rfc7252_3_1_delta_15", "40 01 0001 f0", PduErrc::BadOption},
      {"rfc7252_3_1_length_15", "40 01 0001 bf '0123456789012345'", PduErrc::BadOption},
      {"rfc7252_3_1_delta_of_one_byte_missing", "40 01 0001 d0", PduErrc::BadOption},
      {"rfc7252_3_1_delta_of_two_bytes_missing", "40 01 0001 e0 00", PduErrc::BadOption},
      {"rfc7252_3_1_length_of_one_byte_missing", "40 01 0001 bd", PduErrc::BadOption},
      {"rfc7252_3_1_length_of_two_bytes_missing", "40 01 0001 be 00", PduErrc::BadOption},
      {"rfc7252_3_1_value_cut_off", "40 01 0001 b5 'abcd'", PduErrc::BadOption},
      {"rfc7252_3_1_long_value_cut_off", "40 01 0001 be ffff 'abcd'", PduErrc::BadOption},
      {"rfc7252_3_1_number_65536_in_one_delta", "40 01 0001 e0 fef3", PduErrc::BadOption},
      {"rfc7252_3_1_number_65547_must_not_become_uri_path", "40 01 0001 e1 fefe 'a'", PduErrc::BadOption},
      {"rfc7252_3_1_number_65536_in_two_deltas", "40 01 0001 e0 fef2 10", PduErrc::BadOption},
      {"rfc7252_4_1_empty_with_token", "41 00 0001 01", PduErrc::EmptyNotEmpty},
      {"rfc7252_4_1_empty_with_token_length_only", "41 00 0001", PduErrc::EmptyNotEmpty},
      {"rfc7252_4_1_empty_with_option", "40 00 0001 b1 'a'", PduErrc::EmptyNotEmpty},
      {"rfc7252_4_1_empty_with_payload", "40 00 0001 ff 'a'", PduErrc::EmptyNotEmpty},
      {"rfc7252_12_1_class_1", "40 20 0001", PduErrc::ReservedCode},
      {"rfc7252_12_1_class_6", "40 c0 0001", PduErrc::ReservedCode},
      {"rfc7252_12_1_class_7", "40 e1 0001", PduErrc::ReservedCode},
  };
}

class MalformedDatagram : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedDatagram, IsRefusedForItsReason) {
  const ExactBlock block(wire(GetParam().bytes));
  const auto pdu = Pdu::parse(block.span());
  ASSERT_FALSE(pdu);
  EXPECT_EQ(pdu.error(), GetParam().error) << pdu.error().message();
  EXPECT_STREQ(pdu.error().category().name(), "coap");
  EXPECT_NE(pdu.error().message(), "unknown reason");
}

INSTANTIATE_TEST_SUITE_P(All, MalformedDatagram, ::testing::ValuesIn(malformed()),
                         [](const auto& row) { return row.param.name; });

TEST(PduLimits, AsManyOptionsAsAllowedAndOneMore) {
  Bytes bytes = wire("40 01 0001 b1 'a'");
  for (std::size_t index = 1; index < Pdu::kMostOptions; ++index) {
    bytes.push_back(std::byte{0x01});
    bytes.push_back(std::byte{'b'});
  }
  const auto most = Pdu::parse(bytes);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->options().size(), Pdu::kMostOptions);
  EXPECT_EQ(most->options().back().text(), "b");
  bytes.push_back(std::byte{0x00});
  EXPECT_EQ(Pdu::parse(bytes).error(), PduErrc::TooManyOptions);
}

TEST(PduLimits, LongestOptionValue) {
  Bytes bytes = wire("40 03 0001 de 16 ffff");  // Proxy-Uri, 65,804 bytes
  bytes.insert(bytes.end(), 65804, std::byte{'x'});
  const auto pdu = Pdu::parse(bytes);
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->options().front().number, 35);
  EXPECT_EQ(pdu->options().front().value.size(), 65804U);
}

TEST(PduOdd, PayloadMayHoldMarkersAndAResponseClassMayBeUnknown) {
  const Bytes bytes = wire("40 7f 0001 ff ffff");
  const Pdu pdu = parsed(bytes);
  EXPECT_EQ(pdu.code(), make_code(3, 31));
  EXPECT_TRUE(pdu.code().is_response());
  EXPECT_EQ(hex(pdu.payload()), "ffff");
}

TEST(PduOdd, OptionNumberZeroAndUnknownOnesAreKept) {
  const Bytes bytes = wire("40 01 0001 00 01 'x' e0 ff00 ");
  EXPECT_EQ(Pdu::parse(bytes).error(), PduErrc::BadOption);
  const Bytes kept = wire("40 01 0001 00 01 'x' e0 0100");
  const Pdu pdu = parsed(kept);
  ASSERT_EQ(pdu.options().size(), 3U);
  EXPECT_EQ(pdu.options()[1].text(), "x");
  EXPECT_EQ(pdu.options()[2].number, 525);
}

}  // namespace
}  // namespace sluice::coap::test

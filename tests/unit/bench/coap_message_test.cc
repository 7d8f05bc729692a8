// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/sluice_bench/coap/message.h"

namespace sluice::bench::coap {
namespace {

using testing::ElementsAre;

constexpr std::array<std::uint8_t, 2> kToken{0xAB, 0xCD};

Bytes put_message() {
  Bytes out;
  MessageWriter message(out, Type::Confirmable, codes::kPut, 0x1234, kToken);
  message.path("/a/bc").option(options::kUriQuery, "c=d");
  std::ranges::fill(message.payload(2), std::uint8_t{7});
  return out;
}

TEST(BenchCoapMessage, PutWithPathQueryAndPayload) {
  EXPECT_THAT(put_message(), ElementsAre(0x42, 0x03, 0x12, 0x34, 0xAB, 0xCD, 0xB1, 'a', 0x02, 'b', 'c', 0x43, 'c', '=',
                                         'd', 0xFF, 7, 7));
}

TEST(BenchCoapMessage, GetThatObserves) {
  Bytes out;
  MessageWriter(out, Type::NonConfirmable, codes::kGet, 1, {}).option(options::kObserve, "").path("t");
  EXPECT_THAT(out, ElementsAre(0x50, 0x01, 0, 1, 0x60, 0x51, 't'));
}

TEST(BenchCoapMessage, LongValuesAndHighNumbersTakeMoreBytes) {
  Bytes out;
  MessageWriter(out, Type::Confirmable, codes::kGet, 0, {})
      .option(13, std::string(13, 'x'))
      .option(13 + 269, std::string(269, 'y'));
  EXPECT_THAT(ByteView(out).subspan(4, 3), ElementsAre(0xDD, 0, 0));
  EXPECT_THAT(ByteView(out).subspan(20, 5), ElementsAre(0xEE, 0, 0, 0, 0));
  Message message;
  EXPECT_TRUE(decode(out, message));
}

TEST(BenchCoapMessage, NoPathAndNoPayloadLeaveNothing) {
  Bytes out;
  MessageWriter(out, Type::Confirmable, codes::kGet, 0, {}).path("/").payload(0);
  EXPECT_EQ(out.size(), 4U);
}

TEST(BenchCoapMessage, EmptyOnes) {
  Bytes out{1, 2, 3};
  encode_empty(Type::Acknowledgement, 0x0102, out);
  EXPECT_THAT(out, ElementsAre(0x60, 0, 1, 2));
  encode_empty(Type::Reset, 3, out);
  EXPECT_THAT(out, ElementsAre(0x70, 0, 0, 3));
  Message message;
  ASSERT_TRUE(decode(out, message));
  EXPECT_EQ(message.type, Type::Reset);
  EXPECT_EQ(message.code, codes::kEmpty);
  EXPECT_EQ(message.id, 3);
}

TEST(BenchCoapMessage, NotificationIsRead) {
  // ETag, Observe 0x010203, Max-Age 60
  const Bytes input{0x52, 0x45, 0, 9, 0xAB, 0xCD, 0x41, 1, 0x23, 1, 2, 3, 0x81, 60, 0xFF, 'h', 'i'};
  Message message;
  ASSERT_TRUE(decode(input, message));
  EXPECT_EQ(message.type, Type::NonConfirmable);
  EXPECT_EQ(message.code, codes::kContent);
  EXPECT_EQ(message.id, 9);
  EXPECT_THAT(message.token, ElementsAre(0xAB, 0xCD));
  EXPECT_EQ(message.observe, 0x010203U);
  EXPECT_THAT(message.payload, ElementsAre('h', 'i'));
}

TEST(BenchCoapMessage, ObserveOfNoBytesIsZeroAndOfFourIsNone) {
  Message message;
  ASSERT_TRUE(decode(Bytes{0x40, 0x45, 0, 0, 0x60}, message));
  EXPECT_EQ(message.observe, 0U);
  ASSERT_TRUE(decode(Bytes{0x40, 0x45, 0, 0, 0x64, 1, 2, 3, 4}, message));
  EXPECT_EQ(message.observe, std::nullopt);
}

TEST(BenchCoapMessage, CutAnywhereIsNeverReadPastItsEnd) {
  const Bytes whole = put_message();
  const std::vector<std::size_t> whole_too{6, 8, 11, 15, 17, 18};  // where an option or the payload ends
  Message message;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(decode(cut, message), std::ranges::count(whole_too, size) == 1) << size;
  }
}

TEST(BenchCoapMessage, Malformed) {
  const std::vector<Bytes> inputs{
      {0x00, 0x45, 0, 0},                             // version 0
      {0x49, 0x45, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9},  // token of nine bytes
      {0x41, 0x00, 0, 0, 1},                          // an empty message with a token
      {0x40, 0x00, 0, 0, 1},                          // and with more behind it
      {0x40, 0x45, 0, 0, 0xFF},                       // a marker without a payload
      {0x40, 0x45, 0, 0, 0xF0},                       // delta 15 that is no marker
      {0x40, 0x45, 0, 0, 0x0F},                       // length 15
      {0x40, 0x45, 0, 0, 0xD0},                       // an extended delta that is not there
      {0x40, 0x45, 0, 0, 0xE0, 1},                    // or not whole
      {0x40, 0x45, 0, 0, 0x02, 1},                    // a value that is cut
  };
  Message message;
  for (const Bytes& input : inputs) EXPECT_FALSE(decode(input, message)) << testing::PrintToString(input);
}

TEST(BenchCoapMessage, CodesAreWrittenAsPeopleDo) {
  EXPECT_EQ(code_text(0x44), "2.04");
  EXPECT_EQ(code_text(0x8D), "4.13");
}

}  // namespace
}  // namespace sluice::bench::coap

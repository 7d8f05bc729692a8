// SPDX-License-Identifier: Apache-2.0
#include "shared/bytes/utf8.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

/// The UTF-8 form of a code point, surrogates included, so that they can be refused.
std::string encode(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0U | (point >> 6U)), byte(0x80U | (point & 0x3FU))};
  if (point < 0x10000) {
    return {byte(0xE0U | (point >> 12U)), byte(0x80U | ((point >> 6U) & 0x3FU)), byte(0x80U | (point & 0x3FU))};
  }
  return {byte(0xF0U | (point >> 18U)), byte(0x80U | ((point >> 12U) & 0x3FU)), byte(0x80U | ((point >> 6U) & 0x3FU)),
          byte(0x80U | (point & 0x3FU))};
}

TEST(Utf8, EveryCodePointIsJudged) {
  for (std::uint32_t point = 0; point <= 0x11'0000; ++point) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    const TextStatus expected = point == 0                       ? TextStatus::Null
                                : surrogate || point > 0x10'FFFF ? TextStatus::NotUtf8
                                                                 : TextStatus::Ok;
    ASSERT_EQ(check_text(encode(point)), expected) << "U+" << std::hex << point;
  }
}

TEST(Utf8, SpecialBytesAreFoundAtEveryPlaceOfEveryLength) {
  for (std::size_t length = 1; length <= 40; ++length) {
    const std::string plain(length, 'x');
    EXPECT_EQ(check_text(plain), TextStatus::Ok) << length;
    for (std::size_t at = 0; at < length; ++at) {
      std::string text = plain;
      text[at] = '\0';
      EXPECT_EQ(check_text(text), TextStatus::Null) << at << " of " << length;
      text[at] = '\x80';
      EXPECT_EQ(check_text(text), TextStatus::NotUtf8) << at << " of " << length;
      text[at] = '\x7F';
      EXPECT_EQ(check_text(text), TextStatus::Ok) << at << " of " << length;
    }
  }
}

TEST(Utf8, IllFormedSequencesAreRefused) {
  const std::vector<std::string> bad{
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong
      "\xE0\x9F\xBF",      // overlong, three bytes
      "\xF0\x8F\xBF\xBF",  // overlong, four bytes
      "\xED\xA0\x80",      // U+D800
      "\xED\xBF\xBF",      // U+DFFF
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF5\x80\x80\x80",
      "\xFF",
      "\xC3",  // ends inside a sequence
      "\xE2\x82",
      "\xF0\x9F\x98",
      "\xC3x",
      "\xE2\x82x",
      "\xF0\x9Fxx",
      "\xBF",  // a continuation without a beginning
  };
  for (const std::string& text : bad) {
    EXPECT_EQ(check_text(text), TextStatus::NotUtf8) << ::testing::PrintToString(text);
    EXPECT_EQ(check_text("0123456789" + text + "0123456789"), TextStatus::NotUtf8) << ::testing::PrintToString(text);
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Utf8, IllFormedCountsMoreThanNull) {
  EXPECT_EQ(check_text(std::string_view("\0\xFF", 2)), TextStatus::NotUtf8);
  EXPECT_EQ(check_text(std::string_view("\xC3\xA9\0", 3)), TextStatus::Null);
}

TEST(Utf8, PayloadsMayHoldNull) { EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3))); }

TEST(Utf8, MixedTextAndByteOrderMarkAreKept) {
  EXPECT_EQ(check_text("größe/温度/𝄞/plain ascii that goes on for a while"), TextStatus::Ok);
  EXPECT_EQ(check_text("\xEF\xBB\xBF"), TextStatus::Ok);
  EXPECT_EQ(check_text(""), TextStatus::Ok);
}

}  // namespace
}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/block.h"

#include <gtest/gtest.h>

#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

std::optional<Block> read(std::string_view text, Block::Bert bert = Block::Bert::Refused) {
  const Bytes bytes = wire(text);
  return Block::from({static_cast<std::uint16_t>(Option::Block1), bytes}, bert);
}

// [RFC 7959 2.2] the figures' notation NUM/M/size.
TEST(Block, Rfc7959ExamplesOfSection3) {
  EXPECT_EQ(read("0b"), (Block{0, true, 3}));   // 0/1/128
  EXPECT_EQ(read("13"), (Block{1, false, 3}));  // 1/0/128
  EXPECT_EQ(read("02"), (Block{0, false, 2}));  // 0/0/64
  EXPECT_EQ(read("49"), (Block{4, true, 1}));   // 4/1/32
  EXPECT_EQ(read("61"), (Block{6, false, 1}));  // 6/0/32
}

TEST(Block, NoBytesAreZeroAndLeadingZerosCount) {
  EXPECT_EQ(read(""), (Block{0, false, 0}));
  EXPECT_EQ(read("00000b"), (Block{0, true, 3}));
  EXPECT_EQ(read("0000000b"), std::nullopt);
}

TEST(Block, TheLargestNumber) {
  const auto block = read("fffffe");
  ASSERT_TRUE(block);
  EXPECT_EQ(block->number, Block::kMostNumber);
  EXPECT_EQ(block->size(), 1024U);
  EXPECT_EQ(block->offset(), std::size_t{Block::kMostNumber} * 1024);
}

// [RFC 7959 2.2] SZX 7 is reserved; [RFC 8323 6] over streams it is BERT.
TEST(Block, SizeExponentSeven) {
  EXPECT_EQ(read("0f"), std::nullopt);
  const auto block = read("1f", Block::Bert::Allowed);
  ASSERT_TRUE(block);
  EXPECT_EQ(*block, (Block{1, true, Block::kBert}));
  EXPECT_EQ(block->size(), 1024U);
  EXPECT_EQ(block->offset(), 1024U);
}

TEST(Block, RoundTrip) {
  for (const std::uint32_t number : {0U, 1U, 15U, 16U, 4095U, 4096U, Block::kMostNumber}) {
    for (std::uint8_t exponent = 0; exponent <= Block::kBert; ++exponent) {
      for (const bool more : {false, true}) {
        const Block block{number, more, exponent};
        Options options;
        options.add(Option::Block2, block.value());
        EXPECT_LE(options[0].value.size(), 3U);
        EXPECT_EQ(Block::from(options[0], Block::Bert::Allowed), block);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::coap::test

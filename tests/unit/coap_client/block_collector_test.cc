// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/block_collector.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using Verdict = BlockCollector::Verdict;

class BlockCollectorTest : public ::testing::Test {
 protected:
  Verdict take(std::optional<Block> block2, std::string_view payload, std::string_view etag = "",
               std::uint32_t size = 0) {
    Parts parts;
    parts.code = codes::kContent;
    parts.payload = bytes_of(payload);
    if (!etag.empty()) parts.options.add(Option::ETag, etag);
    if (size > 0) parts.options.add(Option::Size2, size);
    const Bytes bytes = encode(parts);
    return collector->take(*Pdu::parse(bytes), block2);
  }
  std::string body() { return text_of(collector->body()); }

  std::optional<BlockCollector> collector{std::in_place, 100, std::uint8_t{6}};
  const std::string sixteen = "0123456789abcdef";
};

TEST_F(BlockCollectorTest, BlocksBecomeABody) {
  EXPECT_EQ(take(Block{0, true, 0}, sixteen), Verdict::More);
  EXPECT_EQ(collector->wanted(), (Block{1, false, 0}));
  EXPECT_EQ(take(Block{1, true, 0}, sixteen), Verdict::More);
  EXPECT_EQ(take(Block{2, false, 0}, "end"), Verdict::Whole);
  EXPECT_EQ(body(), sixteen + sixteen + "end");
}

TEST_F(BlockCollectorTest, WithoutTheOptionItIsWhole) {
  EXPECT_EQ(take(std::nullopt, "all"), Verdict::Whole);
  EXPECT_EQ(body(), "all");
}

TEST_F(BlockCollectorTest, SmallerBlocksAreAskedForWhereWeTakeNoLargerOnes) {
  collector.emplace(100, 0);
  EXPECT_EQ(take(Block{0, true, 1}, sixteen + sixteen), Verdict::More);
  EXPECT_EQ(collector->wanted(), (Block{2, false, 0}));
}

TEST_F(BlockCollectorTest, ThePeerMayGoOnInSmallerBlocks) {
  EXPECT_EQ(take(Block{0, true, 1}, sixteen + sixteen), Verdict::More);
  EXPECT_EQ(take(Block{2, true, 0}, sixteen), Verdict::More);
  EXPECT_EQ(collector->wanted(), (Block{3, false, 0}));
}

// [RFC 7959 2.4]
TEST_F(BlockCollectorTest, AnotherEntityTagBeginsAnew) {
  EXPECT_EQ(take(Block{0, true, 0}, sixteen, "one"), Verdict::More);
  EXPECT_EQ(take(Block{1, false, 0}, "end", "two"), Verdict::Changed);
  EXPECT_EQ(collector->wanted(), (Block{0, false, 0}));
  EXPECT_EQ(body(), "");
  EXPECT_EQ(take(Block{0, true, 0}, sixteen, "two"), Verdict::More);
  EXPECT_EQ(take(Block{1, false, 0}, "end"), Verdict::Whole) << "who says it once need not say it again";
}

TEST_F(BlockCollectorTest, WhatIsNotTheBlockThatWasAskedFor) {
  struct Row {
    Block block;
    std::string payload;
  };
  for (const Row& row : {Row{{1, true, 0}, sixteen}, Row{{3, true, 0}, sixteen}, Row{{2, true, 0}, "short"},
                         Row{{2, true, 0}, sixteen + "x"}, Row{{2, true, 0}, ""}, Row{{0, false, 0}, "x"},
                         Row{{Block::kMostNumber, true, 6}, sixteen}}) {
    collector.emplace(100, 6);
    EXPECT_EQ(take(Block{0, true, 0}, sixteen), Verdict::More);
    EXPECT_EQ(take(Block{1, true, 0}, sixteen), Verdict::More);
    EXPECT_EQ(take(row.block, row.payload), Verdict::Nonsense) << row.block.number << ' ' << row.payload;
  }
}

TEST_F(BlockCollectorTest, ABodyOverTheLimitIsNotCollected) {
  EXPECT_EQ(take(Block{0, true, 0}, sixteen, "", 101), Verdict::TooLarge) << "announced";
  EXPECT_EQ(collector->body().capacity(), 0U);
  EXPECT_EQ(take(Block{0, true, 2}, std::string(64, 'x'), "", 100), Verdict::More);
  EXPECT_EQ(take(Block{1, true, 2}, std::string(64, 'x')), Verdict::TooLarge) << "sent";
}

// [RFC 8323 6]
TEST_F(BlockCollectorTest, UnderBertABlockIsSeveral) {
  collector.emplace(100'000, Block::kBert);
  EXPECT_EQ(take(Block{0, true, Block::kBert}, std::string(3072, 'x')), Verdict::More);
  EXPECT_EQ(collector->wanted(), (Block{3, false, Block::kBert}));
  EXPECT_EQ(take(Block{3, true, Block::kBert}, std::string(1500, 'x')), Verdict::Nonsense);
  EXPECT_EQ(take(Block{3, false, Block::kBert}, std::string(1500, 'x')), Verdict::Whole);
}

}  // namespace
}  // namespace sluice::coap::testing

// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/block_sender.h"

#include <gtest/gtest.h>

namespace sluice::coap {
namespace {

using Next = BlockSender::Next;

TEST(BlockSender, ASmallBodyIsAnsweredAsAWhole) {
  BlockSender sender(12, std::nullopt);
  EXPECT_FALSE(sender.in_blocks());
  EXPECT_EQ(sender.length(), 12U);
  EXPECT_EQ(sender.on_response(codes::kChanged, std::nullopt), Next::Answered);
  EXPECT_EQ(sender.on_response(codes::kContinue, std::nullopt), Next::Nonsense);
}

TEST(BlockSender, BlocksFollowEachOther) {
  BlockSender sender(40, 0);
  EXPECT_EQ(sender.block(), (Block{0, true, 0}));
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{0, true, 0}), Next::Send);
  EXPECT_EQ(sender.block(), (Block{1, true, 0}));
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{1, true, 0}), Next::Send);
  EXPECT_EQ(sender.block(), (Block{2, false, 0}));
  EXPECT_EQ(sender.offset(), 32U);
  EXPECT_EQ(sender.length(), 8U);
  EXPECT_EQ(sender.on_response(codes::kChanged, Block{2, false, 0}), Next::Answered);
}

// [RFC 7959 3.2, figure 8]
TEST(BlockSender, ThePeerMakesTheBlocksSmaller) {
  BlockSender sender(400, 3);  // 128 bytes
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{0, true, 1}), Next::Send);
  EXPECT_EQ(sender.block(), (Block{4, true, 1})) << "after 128 bytes, in units of 32";
  EXPECT_EQ(sender.length(), 32U);
}

// [RFC 7959 2.9.3]
TEST(BlockSender, ABlockThatIsTooLargeIsSentSmaller) {
  BlockSender sender(4000, 6);
  EXPECT_EQ(sender.on_response(codes::kRequestEntityTooLarge, Block{0, true, 2}), Next::Send);
  EXPECT_EQ(sender.block(), (Block{0, true, 2}));
  EXPECT_EQ(sender.attempt(), 2U);
  EXPECT_EQ(sender.on_response(codes::kRequestEntityTooLarge, Block{0, true, 2}), Next::Answered) << "no smaller one";
}

TEST(BlockSender, AWholeBodyThatIsTooLargeIsCut) {
  BlockSender sender(500, std::nullopt);
  EXPECT_EQ(sender.on_response(codes::kRequestEntityTooLarge, Block{0, true, 4}), Next::Send);
  EXPECT_TRUE(sender.in_blocks());
  EXPECT_EQ(sender.block(), (Block{0, true, 4}));
  BlockSender hopeless(500, std::nullopt);
  EXPECT_EQ(hopeless.on_response(codes::kRequestEntityTooLarge, std::nullopt), Next::Answered);
  BlockSender small(16, std::nullopt);
  EXPECT_EQ(small.on_response(codes::kRequestEntityTooLarge, Block{0, true, 4}), Next::Answered);
}

// [RFC 7959 2.9.2]
TEST(BlockSender, AForgottenBodyIsSentAnewOnce) {
  BlockSender sender(40, 0);
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{0, true, 0}), Next::Send);
  EXPECT_EQ(sender.on_response(codes::kRequestEntityIncomplete, std::nullopt), Next::Send);
  EXPECT_EQ(sender.block(), (Block{0, true, 0}));
  EXPECT_EQ(sender.attempt(), 2U);
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{0, true, 0}), Next::Send);
  EXPECT_EQ(sender.on_response(codes::kRequestEntityIncomplete, std::nullopt), Next::Answered);
}

// [RFC 7959 2.3]: a server that acts on each block answers each.
TEST(BlockSender, SuccessInTheMiddleGoesOn) {
  BlockSender sender(40, 0);
  EXPECT_EQ(sender.on_response(codes::kChanged, Block{0, false, 0}), Next::Send);
  EXPECT_EQ(sender.block().number, 1U);
}

TEST(BlockSender, WhatNoServerSays) {
  struct Row {
    Code code;
    std::optional<Block> block1;
    Next next;
  };
  for (const Row& row :
       {Row{codes::kContinue, std::nullopt, Next::Nonsense}, Row{codes::kContinue, Block{1, true, 0}, Next::Nonsense},
        Row{codes::kContinue, Block{7, true, 0}, Next::Nonsense}, Row{codes::kForbidden, std::nullopt, Next::Answered},
        Row{codes::kChanged, std::nullopt, Next::Answered},
        Row{codes::kServiceUnavailable, Block{0, true, 0}, Next::Answered}}) {
    BlockSender sender(40, 0);
    EXPECT_EQ(sender.on_response(row.code, row.block1), row.next) << row.code.to_string();
  }
  BlockSender last(20, 0);
  EXPECT_EQ(last.on_response(codes::kContinue, Block{0, true, 0}), Next::Send);
  EXPECT_EQ(last.on_response(codes::kContinue, Block{1, false, 0}), Next::Nonsense) << "there is nothing to continue";
}

// [RFC 8323 6]
TEST(BlockSender, UnderBertAMessageHasSeveralBlocks) {
  BlockSender sender(10'000, Block::kBert, 4096);
  EXPECT_EQ(sender.length(), 4096U);
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{0, true, Block::kBert}), Next::Send);
  EXPECT_EQ(sender.block(), (Block{4, true, Block::kBert}));
  EXPECT_EQ(sender.on_response(codes::kContinue, Block{4, true, Block::kBert}), Next::Send);
  EXPECT_EQ(sender.block(), (Block{8, false, Block::kBert}));
  EXPECT_EQ(sender.length(), 10'000U - 8192U);
}

}  // namespace
}  // namespace sluice::coap

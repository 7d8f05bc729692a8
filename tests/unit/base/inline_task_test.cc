// SPDX-License-Identifier: Apache-2.0
#include "shared/base/inline_task.h"

#include <array>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(InlineTask, RunsSmallAndLargeCallables) {
  int calls = 0;
  InlineTask small([&calls] { ++calls; });
  std::array<std::uint64_t, 32> weight{};
  weight[31] = 7;
  std::uint64_t seen = 0;
  InlineTask large([weight, &seen] { seen = weight[31]; });
  small();
  large();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(seen, 7U);
}

TEST(InlineTask, MovesItsCallableAndLeavesNothingBehind) {
  auto owned = std::make_unique<int>(42);
  int seen = 0;
  InlineTask first([owned = std::move(owned), &seen] { seen = *owned; });
  InlineTask second = std::move(first);
  EXPECT_FALSE(first);
  ASSERT_TRUE(second);
  second();
  EXPECT_EQ(seen, 42);
}

TEST(InlineTask, DestroysWhatWasNeverRun) {
  const auto watched = std::make_shared<int>(1);
  {
    const InlineTask task([watched] { FAIL(); });
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

}  // namespace
}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "broker/hooks/hook_chain.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::hooks {
namespace {

TEST(HookChain, RunsByPriorityThenByOrderOfAdding) {
  HookChain<std::string&> chain;
  const auto append = [](const char* what) {
    return [what](std::string& text) {
      text += what;
      return Next::Continue;
    };
  };
  chain.add(0, append("c"));
  chain.add(10, append("a"));
  chain.add(0, append("d"));
  chain.add(5, append("b"));
  std::string text;
  chain.run(text);
  EXPECT_EQ(text, "abcd");
}

TEST(HookChain, StopKeepsTheOthersFromBeingAsked) {
  HookChain<int&> chain;
  chain.add(1, [](int& n) { return ++n, Next::Stop; });
  chain.add(0, [](int& n) { return n += 100, Next::Continue; });
  int n = 0;
  chain.run(n);
  EXPECT_EQ(n, 1);
}

TEST(HookChain, ARemovedCallbackIsNotCalledAndAnEmptyChainSaysSo) {
  HookChain<int&> chain;
  EXPECT_TRUE(chain.empty());
  const auto id = chain.add(0, [](int& n) { return ++n, Next::Continue; });
  EXPECT_FALSE(chain.empty());
  chain.remove(id);
  EXPECT_TRUE(chain.empty());
  int n = 0;
  chain.run(n);
  EXPECT_EQ(n, 0);
}

}  // namespace
}  // namespace sluice::hooks

// SPDX-License-Identifier: Apache-2.0
#include "shared/base/ring_buffer.h"

#include <deque>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(RingBuffer, BehavesLikeADeque) {
  std::mt19937 random(7);
  RingBuffer<std::string> ring;
  std::deque<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string value = std::to_string(step);
    switch (random() % 6) {
      case 0:
      case 1:
        ring.push_back(value), model.push_back(value);
        break;
      case 2:
        ring.push_front(value), model.push_front(value);
        break;
      case 3:
        if (!model.empty()) {
          EXPECT_EQ(ring.pop_front(), model.front());
          model.pop_front();
        }
        break;
      case 4:
        if (!model.empty()) ring.pop_back(), model.pop_back();
        break;
      default:
        if (!model.empty()) {
          const std::size_t at = random() % model.size();
          ring.erase(at);
          model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    ASSERT_EQ(ring.size(), model.size());
    for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(ring[i], model[i]);
  }
}

TEST(RingBuffer, WhatIsAddedToBeFilledIsEmptyAlsoWhereSomethingWas) {
  RingBuffer<std::string> ring;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ring.extend_back(), "");
    ring.back() = "filled";
    if (i % 3 == 0) continue;
    ring.front().clear();
    ring.skip_front();
  }
  EXPECT_EQ(ring.size(), 34U);
  EXPECT_EQ(ring.front(), "filled");
  EXPECT_EQ(ring.extend_back(), "");
}

TEST(RingBuffer, GivesLargeMemoryBackWhenItIsEmpty) {
  RingBuffer<int> ring;
  EXPECT_EQ(ring.capacity_bytes(), 0U);
  for (int i = 0; i < 1000; ++i) ring.push_back(i);
  while (!ring.empty()) static_cast<void>(ring.pop_front());
  EXPECT_EQ(ring.capacity_bytes(), 0U);
}

}  // namespace
}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "shared/metrics/registry.h"

namespace sluice::metrics {
namespace {

TEST(Metrics, SumsWhatAllThreadsCounted) {
  const Counter counter("test/sum", "for the test");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 1000; ++n) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 4000U);
  EXPECT_EQ(read("test/sum"), 4000);
}

TEST(Metrics, OneNameIsOneMetric) {
  const Gauge one("test/same", "for the test");
  const Gauge other("test/same", "for the test");
  one.add(3);
  other.add(-1);
  EXPECT_EQ(one.value(), 2);
  EXPECT_EQ(read("test/unknown"), 0);
}

}  // namespace
}  // namespace sluice::metrics

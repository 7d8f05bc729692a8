// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

#include "shared/base/clock.h"

namespace sluice::test {

inline constexpr auto kPatience = std::chrono::seconds(20);

/// Waits until `holds`, which other threads bring about; false after kPatience.
template <class F>
bool eventually(F holds) {
  const auto deadline = Clock::now() + kPatience;
  while (!holds()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sluice::test

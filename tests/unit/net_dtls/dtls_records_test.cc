// SPDX-License-Identifier: Apache-2.0
// The window; records against OpenSSL's are in dtls_handshake_test.cc and dtls_port_test.cc.
#include "shared/net/dtls/dtls_records.h"

#include <gtest/gtest.h>

namespace sluice::test {
namespace {

TEST(ReplayWindow, TakesEachNumberOnce) {
  ReplayWindow window;
  for (const std::uint64_t number : {0U, 1U, 5U, 3U, 2U, 4U}) {
    EXPECT_TRUE(window.fresh(number)) << number;
    window.mark(number);
    EXPECT_FALSE(window.fresh(number)) << number;
  }
}

TEST(ReplayWindow, RefusesWhatIsTooOldToBeKnown) {
  ReplayWindow window;
  window.mark(100);
  EXPECT_TRUE(window.fresh(37));
  EXPECT_FALSE(window.fresh(36));
  window.mark(37);
  EXPECT_FALSE(window.fresh(37));
  window.mark(101);
  EXPECT_FALSE(window.fresh(37));
  EXPECT_FALSE(window.fresh(100));
  EXPECT_TRUE(window.fresh(38));
}

TEST(ReplayWindow, AJumpForgetsNothing) {
  ReplayWindow window;
  window.mark(1);
  window.mark(65);
  EXPECT_FALSE(window.fresh(1));
  window.mark(1'000'000);
  EXPECT_FALSE(window.fresh(65));
  EXPECT_TRUE(window.fresh(999'999));
}

TEST(ReplayWindow, ClosesUpToANumber) {
  ReplayWindow window;
  window.close_up_to(7);
  for (std::uint64_t number = 0; number <= 7; ++number) EXPECT_FALSE(window.fresh(number));
  EXPECT_TRUE(window.fresh(8));
  window.close_up_to(0);
  EXPECT_FALSE(window.fresh(0));
  EXPECT_TRUE(window.fresh(1));
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bench/sluice_bench/coap/observation.h"

namespace sluice::bench::coap {
namespace {

constexpr Token kToken{1, 2, 3, 4};

Message notification(std::uint32_t observe, std::uint16_t id = 1, Type type = Type::NonConfirmable) {
  return {.type = type, .code = codes::kContent, .id = id, .token = kToken, .observe = observe, .payload = {}};
}

class ObservationTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(observation_.begin(kToken, notification(100))); }

  Observation observation_;
  ObservationTally tally_;
};

TEST(ObserveNumber, ComesRound) {
  EXPECT_TRUE(is_newer(1, 0));
  EXPECT_FALSE(is_newer(0, 1));
  EXPECT_FALSE(is_newer(5, 5));
  EXPECT_TRUE(is_newer(0, 0xFFFFFF));
  EXPECT_FALSE(is_newer(0xFFFFFF, 0));
  EXPECT_FALSE(is_newer(1U << 23, 0)) << "half round is neither [RFC 7641 3.4]";
}

TEST(ObservationBegin, NeedsContentAndObserve) {
  Observation observation;
  Message answer = notification(1);
  answer.observe = std::nullopt;
  EXPECT_FALSE(observation.begin(kToken, answer)) << "a server that takes no more observers answers without";
  answer = notification(1);
  answer.code = codes::kChanged;
  EXPECT_FALSE(observation.begin(kToken, answer));
}

TEST_F(ObservationTest, InOrderIsClean) {
  EXPECT_TRUE(observation_.take(notification(101, 1), 0, tally_));
  EXPECT_TRUE(observation_.take(notification(109, 2, Type::Confirmable), 1, tally_));
  EXPECT_EQ(tally_.notified, 2U);
  EXPECT_EQ(tally_.confirmable, 1U);
  EXPECT_EQ(tally_.out_of_order + tally_.duplicates + tally_.retransmitted, 0U);
}

TEST_F(ObservationTest, OthersTokensCodesAndPlainAnswersAreNotIts) {
  Message other = notification(101);
  other.token = other.token.first(3);
  EXPECT_FALSE(observation_.take(other, 0, tally_));
  other = notification(101);
  other.code = 0x84;
  EXPECT_FALSE(observation_.take(other, 0, tally_));
  other = notification(101);
  other.observe = std::nullopt;
  EXPECT_FALSE(observation_.take(other, 0, tally_));
  EXPECT_EQ(tally_.notified, 0U);
}

TEST_F(ObservationTest, RetransmissionsAreToldFromDuplicates) {
  observation_.take(notification(101, 7), 0, tally_);
  observation_.take(notification(101, 7), 0, tally_);
  observation_.take(notification(102, 8), 0, tally_);
  EXPECT_EQ(tally_.notified, 1U);
  EXPECT_EQ(tally_.retransmitted, 1U);
  EXPECT_EQ(tally_.duplicates, 1U);
}

TEST_F(ObservationTest, LatePayloadIsOutOfOrder) {
  observation_.take(notification(101), 1, tally_);
  observation_.take(notification(102), 0, tally_);
  EXPECT_EQ(tally_.notified, 2U);
  EXPECT_EQ(tally_.out_of_order, 1U);
}

TEST_F(ObservationTest, NumberThatDoesNotRiseIsOutOfOrder) {
  observation_.take(notification(100), 0, tally_);
  EXPECT_EQ(tally_.out_of_order, 1U);
}

}  // namespace
}  // namespace sluice::bench::coap

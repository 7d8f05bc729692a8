// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/notification_order.h"

#include <gtest/gtest.h>

namespace sluice::coap {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// [RFC 7641 3.4]
TEST(NotificationOrder, NewerIsWhatIsAheadByLessThanHalfTheNumbers) {
  const TimePoint now{seconds(1000)};
  struct Row {
    std::uint32_t first, second;
    bool newer;
  };
  for (const Row& row :
       {Row{1, 2, true}, Row{2, 1, false}, Row{2, 2, false}, Row{0, 0x7F'FFFF, true}, Row{0, 0x80'0000, false},
        Row{0xFF'FFFF, 0, true}, Row{0, 0xFF'FFFF, false}, Row{0xFF'FFF0, 5, true}, Row{5, 0xFF'FFF0, false}}) {
    NotificationOrder order;
    EXPECT_TRUE(order.accept(row.first, now));
    EXPECT_EQ(order.accept(row.second, now), row.newer) << row.first << " then " << row.second;
  }
}

TEST(NotificationOrder, AfterTwoMinutesAnythingIsNewer) {
  NotificationOrder order;
  const TimePoint now{seconds(1000)};
  EXPECT_TRUE(order.accept(7, now));
  EXPECT_FALSE(order.accept(6, now + seconds(128)));
  EXPECT_TRUE(order.accept(6, now + seconds(128) + milliseconds(1)));
  EXPECT_FALSE(order.accept(5, now + seconds(129))) << "the time of the last one counts";
}

TEST(NotificationOrder, OnlyTheLowerThreeBytesCount) {
  NotificationOrder order;
  const TimePoint now{seconds(1000)};
  EXPECT_TRUE(order.accept(0x0100'0005, now));
  EXPECT_FALSE(order.accept(5, now));
  EXPECT_TRUE(order.accept(6, now));
}

}  // namespace
}  // namespace sluice::coap

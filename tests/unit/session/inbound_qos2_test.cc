// SPDX-License-Identifier: Apache-2.0
#include "broker/session/inbound_qos2.h"

#include <vector>

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

using Outcome = InboundQos2::Outcome;
using std::chrono::seconds;

Outcome receive(InboundQos2& inbound, PacketId id, std::size_t maximum, Duration timeout, TimePoint now) {
  return inbound.receive(id, maximum, timeout, now, [](PacketId) {});
}

TEST(InboundQos2, MQTT_4_3_3_10_the_same_id_is_a_duplicate_until_it_is_released) {
  InboundQos2 inbound;
  EXPECT_EQ(receive(inbound, 7, 10, seconds(30), TimePoint{}), Outcome::New);
  EXPECT_EQ(receive(inbound, 7, 10, seconds(30), TimePoint{} + seconds(3600)), Outcome::Duplicate);
  EXPECT_TRUE(inbound.release(7));
  EXPECT_FALSE(inbound.release(7));
  EXPECT_EQ(receive(inbound, 7, 10, seconds(30), TimePoint{}), Outcome::New);
}

TEST(InboundQos2, OldIdsGiveWayOnlyWhenTheRoomIsNeeded) {
  InboundQos2 inbound;
  const TimePoint start{};
  EXPECT_EQ(receive(inbound, 1, 2, seconds(30), start), Outcome::New);
  EXPECT_EQ(receive(inbound, 2, 2, seconds(30), start + seconds(10)), Outcome::New);
  EXPECT_EQ(receive(inbound, 3, 2, seconds(30), start + seconds(20)), Outcome::Full);
  std::vector<PacketId> forgotten;
  EXPECT_EQ(inbound.receive(3, 2, seconds(30), start + seconds(30), [&](PacketId id) { forgotten.push_back(id); }),
            Outcome::New);
  EXPECT_EQ(forgotten, std::vector<PacketId>{1});
  EXPECT_FALSE(inbound.contains(1));
  EXPECT_TRUE(inbound.contains(2));
}

TEST(InboundQos2, WithoutATimeOutNoneGivesWay) {
  InboundQos2 inbound;
  EXPECT_EQ(receive(inbound, 1, 1, seconds(0), TimePoint{}), Outcome::New);
  EXPECT_EQ(receive(inbound, 2, 1, seconds(0), TimePoint{} + seconds(3600)), Outcome::Full);
  EXPECT_TRUE(inbound.contains(1));
}

}  // namespace
}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/session/inflight_window.h"

#include <vector>

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

QueuedMessage message(Qos qos = Qos::AtLeastOnce) {
  QueuedMessage queued;
  queued.message = Message::create({.topic = "t", .payload = {}, .properties = {}, .publisher = {}});
  queued.qos = qos;
  return queued;
}

TEST(InflightWindow, IdsRunUpwardsSkipZeroAndWrap) {
  InflightWindow window;
  for (unsigned i = 0; i < 200'000; ++i) {
    const PacketId id = window.push(message(), TimePoint{});
    ASSERT_EQ(id, i % 65535 + 1);
    ASSERT_NE(window.find(id), nullptr);
    window.complete(id);
    ASSERT_EQ(window.find(id), nullptr);
  }
  EXPECT_TRUE(window.empty());
}

TEST(InflightWindow, AcknowledgementsOutOfOrder) {
  InflightWindow window;
  std::vector<PacketId> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(window.push(message(), TimePoint{}));
  for (const int i : {5, 9, 0, 1, 7, 2, 3, 4, 8, 6}) {
    ASSERT_NE(window.find(ids[static_cast<std::size_t>(i)]), nullptr);
    window.complete(ids[static_cast<std::size_t>(i)]);
  }
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.push(message(), TimePoint{}), 11);
}

TEST(InflightWindow, AnIdThatWasNeverSentIsNotFound) {
  InflightWindow window;
  window.push(message(), TimePoint{});
  EXPECT_EQ(window.find(0), nullptr);
  EXPECT_EQ(window.find(2), nullptr);
  EXPECT_EQ(window.find(65535), nullptr);
}

TEST(InflightWindow, AnOldestMessageThatIsNeverAcknowledgedDoesNotGrowTheWindowForEver) {
  InflightWindow window;
  window.push(message(), TimePoint{});
  std::size_t sent = 1;
  while (window.has_room(10) && sent < 100'000) {
    window.complete(window.push(message(), TimePoint{}));
    ++sent;
  }
  EXPECT_LE(sent, 1024U);
  window.complete(1);
  EXPECT_TRUE(window.has_room(10));
}

// [MQTT-4.4.0-1]: on reconnect everything unacknowledged, with its own id, in order; no more than the client takes.
TEST(InflightWindow, ResendKeepsOrderAndRespectsTheMaximum) {
  InflightWindow window;
  for (int i = 0; i < 5; ++i) window.push(message(), TimePoint{});
  window.complete(2);
  window.mark_all_for_resend();
  EXPECT_FALSE(window.has_room(100)) << "new messages wait behind those to be sent again";
  PacketId id = 0;
  ASSERT_NE(window.next_resend(2, id, TimePoint{}), nullptr);
  EXPECT_EQ(id, 1);
  ASSERT_NE(window.next_resend(2, id, TimePoint{}), nullptr);
  EXPECT_EQ(id, 3);
  EXPECT_EQ(window.next_resend(2, id, TimePoint{}), nullptr) << "two are outstanding";
  window.complete(1);
  ASSERT_NE(window.next_resend(2, id, TimePoint{}), nullptr);
  EXPECT_EQ(id, 4);
  window.postpone(4);
  window.complete(3);
  ASSERT_NE(window.next_resend(2, id, TimePoint{}), nullptr);
  EXPECT_EQ(id, 4);
}

TEST(InflightWindow, UndoneIdIsGivenOutAgain) {
  InflightWindow window;
  EXPECT_EQ(window.push(message(), TimePoint{}), 1);
  EXPECT_TRUE(window.undo_push().message);
  EXPECT_EQ(window.push(message(), TimePoint{}), 1);
}

}  // namespace
}  // namespace sluice::session

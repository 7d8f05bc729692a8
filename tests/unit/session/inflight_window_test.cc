// SPDX-License-Identifier: Apache-2.0
#include "broker/session/inflight_window.h"

#include <utility>
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
    window.complete(*window.find(id));
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
    window.complete(*window.find(ids[static_cast<std::size_t>(i)]));
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
  while (window.has_room(10, 0) && sent < 100'000) {
    window.complete(*window.find(window.push(message(), TimePoint{})));
    ++sent;
  }
  EXPECT_LE(sent, 1024U);
  window.complete(*window.find(1));
  EXPECT_TRUE(window.has_room(10, 0));
}

// [MQTT-4.4.0-1]: on reconnect everything unacknowledged, with its own id, in order; no more than the client takes.
TEST(InflightWindow, ResendKeepsOrderAndRespectsTheMaximum) {
  InflightWindow window;
  for (int i = 0; i < 5; ++i) window.push(message(), TimePoint{});
  window.complete(*window.find(2));
  window.mark_all_for_resend();
  EXPECT_FALSE(window.has_room(100, 0)) << "new messages wait behind those to be sent again";
  const auto resend = [&window] {
    PacketId id = 0;
    if (InflightWindow::Entry* const entry = window.next_resend(2, id)) window.resent(*entry, TimePoint{});
    return id;
  };
  EXPECT_EQ(resend(), 1);
  EXPECT_EQ(resend(), 3);
  EXPECT_EQ(resend(), 0) << "two are outstanding";
  window.complete(*window.find(1));
  PacketId next = 0;
  ASSERT_NE(window.next_resend(2, next), nullptr);
  EXPECT_EQ(next, 4) << "and it stays the next one until it is sent";
  window.complete(*window.find(3));
  EXPECT_EQ(resend(), 4);
  EXPECT_EQ(resend(), 5);
}

TEST(InflightWindow, UndoneIdIsGivenOutAgain) {
  InflightWindow window;
  EXPECT_EQ(window.push(message(), TimePoint{}), 1);
  QueuedMessage undone = window.undo_push(1);
  EXPECT_TRUE(undone.message);
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.push(std::move(undone), TimePoint{}), 1);
}

QueuedMessage placed(Place place, Qos qos = Qos::AtLeastOnce) {
  QueuedMessage queued = message(qos);
  queued.place = place;
  return queued;
}

TEST(InflightWindow, APlaceGivesTheIdInWhateverOrderMessagesCome) {
  InflightWindow window;
  EXPECT_EQ(window.push(placed(kFirstPlace + 9), TimePoint{}), 10);
  EXPECT_EQ(window.push(placed(kFirstPlace + 5), TimePoint{}), 6);
  EXPECT_EQ(window.push(placed(kFirstPlace + 7), TimePoint{}), 8);
  EXPECT_EQ(window.next(), kFirstPlace + 10);
  std::vector<PacketId> order;
  window.for_each([&](PacketId id, const InflightWindow::Entry&) { order.push_back(id); });
  EXPECT_EQ(order, (std::vector<PacketId>{6, 8, 10})) << "in the order of places";
  EXPECT_EQ(window.find(7), nullptr) << "nobody has that place";
  window.complete(*window.find(10));
  window.complete(*window.find(6));
  window.complete(*window.find(8));
  EXPECT_TRUE(window.empty());
}

TEST(InflightWindow, PlacesWithOneIdAreNeverInFlightTogether) {
  InflightWindow window;
  window.push(placed(kFirstPlace), TimePoint{});
  EXPECT_EQ(InflightWindow::id_of(kFirstPlace + 65'535), InflightWindow::id_of(kFirstPlace));
  EXPECT_TRUE(window.has_room(65'535, kFirstPlace + 65'534));
  EXPECT_FALSE(window.has_room(65'535, kFirstPlace + 65'535));
}

TEST(InflightWindow, WhatAnEarlierServerReleasedWaitsForItsPubcompOnly) {
  InflightWindow window;
  window.push_sent(placed(kFirstPlace + 3, Qos::ExactlyOnce), InflightWindow::Stage::AwaitPubComp);
  window.push_sent(placed(kFirstPlace + 1, Qos::ExactlyOnce), InflightWindow::Stage::AwaitPubComp);
  EXPECT_EQ(window.awaiting_completion(), 2U);
  window.mark_all_for_resend();
  PacketId id = 0;
  InflightWindow::Entry* const entry = window.next_resend(10, id);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(id, 2);
  EXPECT_EQ(entry->stage, InflightWindow::Stage::AwaitPubComp);
}

}  // namespace
}  // namespace sluice::session

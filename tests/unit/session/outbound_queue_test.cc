// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_queue.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

QueuedMessage message(std::string_view topic, Qos qos = Qos::AtLeastOnce) {
  QueuedMessage queued;
  queued.message = Message::create({.topic = topic, .payload = {}, .properties = {}, .publisher = {}});
  queued.qos = qos;
  return queued;
}

std::string topic_of(const QueuedMessage& queued) { return std::string(queued.message->topic()); }

std::vector<std::string> drain(OutboundQueue& queue) {
  std::vector<std::string> topics;
  while (!queue.empty()) topics.push_back(topic_of(queue.pop()));
  return topics;
}

TEST(OutboundQueue, FirstInFirstOut) {
  OutboundQueue queue;
  const QueueSettings settings;
  for (const char* topic : {"a", "b", "c"}) EXPECT_FALSE(queue.push(message(topic), settings));
  queue.put_back(queue.pop(), settings);
  EXPECT_EQ(drain(queue), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(OutboundQueue, AFullQueueDropsItsOldestQos0First) {
  OutboundQueue queue;
  const QueueSettings settings{.max_length = 3, .priorities = {}};
  queue.push(message("a1"), settings);
  queue.push(message("b0", Qos::AtMostOnce), settings);
  queue.push(message("c1"), settings);
  EXPECT_EQ(topic_of(*queue.push(message("d1"), settings)), "b0");
  EXPECT_EQ(topic_of(*queue.push(message("e1"), settings)), "a1");
  EXPECT_EQ(drain(queue), (std::vector<std::string>{"c1", "d1", "e1"}));
}

TEST(OutboundQueue, HigherPriorityLeavesFirstAndIsDroppedLast) {
  OutboundQueue queue;
  const QueueSettings settings{.max_length = 3, .by_priority = true, .priorities = {{"high", 10}, {"low", -1}}};
  queue.push(message("low"), settings);
  queue.push(message("normal"), settings);
  queue.push(message("high"), settings);
  EXPECT_EQ(topic_of(*queue.push(message("high"), settings)), "low");
  EXPECT_EQ(topic_of(*queue.push(message("low"), settings)), "low") << "the new one itself has the lowest priority";
  EXPECT_EQ(drain(queue), (std::vector<std::string>{"high", "high", "normal"}));
}

}  // namespace
}  // namespace sluice::session

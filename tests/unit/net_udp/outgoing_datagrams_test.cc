// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/outgoing_datagrams.h"

#include <string>

#include "tests/unit/net_udp/udp_fixture.h"

namespace sluice::test {
namespace {

std::string texts(const OutgoingDatagrams& queue) {
  std::string all;
  for (const auto& entry : queue.waiting()) all += text_of(queue.bytes_of(entry)) + ' ';
  return all;
}

TEST(OutgoingDatagrams, WhatWaitsKeepsItsOrderAndBytesWhileOthersLeave) {
  OutgoingDatagrams queue;
  for (const char* text : {"one", "two", "", "four", "five"}) queue.push({}, bytes_of(text));
  queue.pop(1);
  queue.settle();
  EXPECT_EQ(texts(queue), "two  four five ");
  queue.pop(2);
  queue.settle();
  queue.push({}, bytes_of("six"));
  EXPECT_EQ(texts(queue), "four five six ");
  queue.pop(3);
  queue.settle();
  EXPECT_TRUE(queue.empty());
  queue.push({}, bytes_of("seven"));
  EXPECT_EQ(texts(queue), "seven ");
}

TEST(OutgoingDatagrams, ItsSizeIsThatOfWhatWaits) {
  OutgoingDatagrams queue;
  EXPECT_EQ(queue.size(), 0U);
  queue.push({}, bytes_of("12345"));
  queue.push({}, bytes_of("123"));
  EXPECT_EQ(queue.size(), OutgoingDatagrams::cost(5) + OutgoingDatagrams::cost(3));
  queue.pop(1);
  EXPECT_EQ(queue.size(), OutgoingDatagrams::cost(3));
  queue.pop(1);
  EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace sluice::test

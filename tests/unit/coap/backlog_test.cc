// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/backlog.h"

#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateways/coap/coap_probe.h"

namespace sluice::coap {
namespace {

constexpr PeerId kPeer{1, 1};
constexpr PeerId kOther{2, 1};

NotificationTag tag(ClientSerial client, std::uint16_t observation, bool confirmable = true, std::uint8_t epoch = 0) {
  return {.shard = 0,
          .serial = client,
          .observation = observation,
          .epoch = epoch,
          .copy = epoch,
          .confirmable = confirmable};
}

void push(Backlog& backlog, PeerId peer, const NotificationTag& tag, Code code = codes::kContent) {
  backlog.push(peer, {.tag = tag, .observer = {}, .notification = {code, {}, {}}, .message = nullptr});
}

/// All that the peer has, taken out.
std::vector<NotificationTag> taken(Backlog& backlog, PeerId peer) {
  std::vector<NotificationTag> tags;
  while (const std::optional<OutboundNotification> next = backlog.take(peer)) tags.push_back(next->tag);
  return tags;
}

TEST(Backlog, EachPeersInTheOrderInWhichTheyCame) {
  Backlog backlog;
  EXPECT_FALSE(backlog.has(kPeer));
  EXPECT_FALSE(backlog.take(kPeer));
  push(backlog, kPeer, tag(3, 1));
  push(backlog, kOther, tag(4, 1));
  push(backlog, kPeer, tag(2, 1));
  push(backlog, kPeer, tag(3, 2));
  EXPECT_EQ(taken(backlog, kPeer), (std::vector{tag(3, 1), tag(2, 1), tag(3, 2)}));
  EXPECT_FALSE(backlog.has(kPeer));
  EXPECT_EQ(taken(backlog, kOther), std::vector{tag(4, 1)});
}

// RFC 7641 4.5.1: what has not left yet is replaced by what is newer.
TEST(Backlog, OfAnObservationTheLatestOnly) {
  Backlog backlog;
  const std::uint64_t superseded = probe().superseded.value();
  push(backlog, kPeer, tag(1, 1, false));
  push(backlog, kPeer, tag(1, 2, true));
  push(backlog, kPeer, tag(1, 1, true), codes::kNotFound);
  EXPECT_EQ(probe().superseded.value(), superseded + 1) << "of QoS 0";
  push(backlog, kPeer, tag(1, 2, true, 7));
  EXPECT_EQ(probe().superseded.value(), superseded + 1) << "the same, once more";
  std::optional<OutboundNotification> first = backlog.take(kPeer);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->notification.code, codes::kNotFound);
  backlog.put_back(kPeer, std::move(*first));
  EXPECT_EQ(taken(backlog, kPeer), (std::vector{tag(1, 1, true), tag(1, 2, true, 7)}));
}

TEST(Backlog, WhatIsOutOfDateIsForgotten) {
  Backlog backlog;
  for (std::uint16_t observation = 1; observation <= 3; ++observation) push(backlog, kPeer, tag(1, observation));
  backlog.forget(kPeer, tag(1, 2, false));
  backlog.forget(kPeer, tag(1, 9));
  backlog.forget(kOther, tag(1, 1));
  EXPECT_EQ(taken(backlog, kPeer), (std::vector{tag(1, 1), tag(1, 3)}));
  push(backlog, kPeer, tag(1, 1));
  backlog.forget(kPeer, tag(1, 1));
  EXPECT_FALSE(backlog.has(kPeer));
  push(backlog, kPeer, tag(1, 1, false), codes::kNotFound);
  backlog.forget(kPeer, tag(1, 1));
  EXPECT_TRUE(backlog.has(kPeer)) << "its observer has to know that it is over";
}

TEST(Backlog, ALaterPeerInTheSamePlaceGetsNothingOfAnEarlierOnes) {
  Backlog backlog;
  push(backlog, kPeer, tag(1, 1));
  const PeerId later{kPeer.slot, kPeer.generation + 1};
  EXPECT_FALSE(backlog.has(later));
  push(backlog, later, tag(2, 1));
  EXPECT_EQ(taken(backlog, later), std::vector{tag(2, 1)});
  EXPECT_EQ(taken(backlog, kPeer), std::vector{tag(1, 1)});
}

TEST(Backlog, OfAPeerThatIsGoneAllAreNamed) {
  Backlog backlog;
  const std::int64_t crowded = probe().crowded.value();
  push(backlog, kPeer, tag(1, 1));
  push(backlog, kPeer, tag(2, 1));
  push(backlog, kOther, tag(3, 1));
  EXPECT_EQ(probe().crowded.value(), crowded + 3);
  EXPECT_EQ(backlog.drop(kPeer), (std::vector{tag(1, 1), tag(2, 1)}));
  EXPECT_TRUE(backlog.drop(kPeer).empty());
  EXPECT_TRUE(backlog.has(kOther));
  EXPECT_EQ(probe().crowded.value(), crowded + 1);
}

}  // namespace
}  // namespace sluice::coap

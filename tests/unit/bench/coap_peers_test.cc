// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <set>

#include <gtest/gtest.h>

#include "bench/sluice_bench/coap/message_ids.h"
#include "bench/sluice_bench/coap/peer_order.h"
#include "bench/sluice_bench/coap/source_address.h"

namespace sluice::bench::coap {
namespace {

in_addr address(const char* text) { return {.s_addr = ::inet_addr(text)}; }

TEST(SourceAddress, PeersAreCountedThroughTheLoopback) {
  EXPECT_EQ(address_of(0).s_addr, address("127.1.0.0").s_addr);
  EXPECT_EQ(address_of(258).s_addr, address("127.1.1.2").s_addr);
  EXPECT_EQ(address_of(kMostPeers - 1).s_addr, address("127.254.255.255").s_addr);
}

TEST(SourceAddress, ComesBackAsItsPeer) {
  for (const Peer peer : {Peer{0}, Peer{1}, Peer{99'999}, kMostPeers - 1}) EXPECT_EQ(peer_of(address_of(peer)), peer);
}

TEST(SourceAddress, OthersAreNoPeers) {
  for (const char* text : {"127.0.0.1", "127.0.255.255", "127.255.0.0", "10.0.0.1", "0.0.0.0", "255.255.255.255"}) {
    EXPECT_EQ(peer_of(address(text)), std::nullopt) << text;
  }
}

TEST(MessageIds, EveryPeerCountsForItself) {
  MessageIds ids(2, 65535);
  EXPECT_EQ(ids.take(0), 65535);
  EXPECT_EQ(ids.take(0), 0);
  EXPECT_EQ(ids.take(1), 65535);
}

TEST(MessageIds, NoneIsUsedTwice) {
  MessageIds ids(1, 40'000);
  std::set<std::uint16_t> seen;
  for (std::size_t i = 0; i < MessageIds::kPerPeer; ++i) {
    const auto id = ids.take(0);
    ASSERT_TRUE(id.has_value());
    ASSERT_TRUE(seen.insert(*id).second) << *id;
  }
  EXPECT_EQ(ids.take(0), std::nullopt);
}

TEST(PeerOrder, EveryPeerHasItsTurnInEachRound) {
  for (const std::size_t peers : {1U, 2U, 3U, 7U, 1000U, 30'030U}) {
    PeerOrder order(peers);
    for (int round = 0; round < 2; ++round) {
      std::set<Peer> met;
      for (std::size_t i = 0; i < peers; ++i) met.insert(order.next());
      EXPECT_EQ(met.size(), peers);
      EXPECT_LT(*met.rbegin(), peers);
    }
  }
}

}  // namespace
}  // namespace sluice::bench::coap

// SPDX-License-Identifier: Apache-2.0
// Who is known, for how long, and what that costs.
#include <algorithm>
#include <unordered_set>

#include "shared/coap/message/peer_table.h"
#include "tests/unit/coap_message/message_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

using Peers = MessageTest;

TEST_F(Peers, TheOneThatWasSilentLongestMakesRoom) {
  parameters_.max_peers = 3;
  const PeerId first = acquaint(1);
  const PeerId second = acquaint(2);
  const PeerId third = acquaint(3);
  EXPECT_EQ(acquaint(1), first);
  const PeerId fourth = acquaint(4);
  EXPECT_EQ(events_.gone, std::vector<PeerId>{second});
  EXPECT_FALSE(layer().known(second));
  EXPECT_TRUE(layer().known(first) && layer().known(third) && layer().known(fourth));
  EXPECT_EQ(layer().peers(), 3U);
  EXPECT_NE(acquaint(2), second) << "whoever comes again is somebody else";
}

// A generator of which an id shows a part of the state would show the ids of others: the one that was here, too
// [RFC 7252 11.4].
TEST_F(Peers, IdsThatOneSeesTellNothingOfThoseOfOthers) {
  constexpr std::uint64_t kModulus = 0x7FFF'FFFF;
  PeerTable table(100);
  std::vector<MessageId> ids;
  PeerId evicted;
  for (std::uint32_t index = 1; index <= 8; ++index) {
    ids.push_back(table.get(table.insert(path_of(index), TimePoint{}, evicted))->next_mid);
  }
  const auto explains_all = [&](std::uint64_t state) {
    return std::ranges::all_of(ids, [&](MessageId id) {
      const bool fits = static_cast<MessageId>(state >> 8) == id;
      state = state * 48271 % kModulus;
      return fits;
    });
  };
  for (std::uint64_t unknown = 0; unknown < 0x8000; ++unknown) {
    const std::uint64_t state = (unknown >> 8 << 24) | (std::uint64_t{ids.front()} << 8) | (unknown & 0xFF);
    ASSERT_FALSE(explains_all(state)) << state;
  }
}

TEST_F(Peers, APinnedOneStays) {
  parameters_.max_peers = 2;
  const PeerId first = acquaint(1);
  const PeerId second = acquaint(2);
  layer().pin(first);
  layer().pin(first);
  static_cast<void>(acquaint(3));
  EXPECT_EQ(events_.gone, std::vector<PeerId>{second});
  layer().unpin(first);
  clock_.pass(minutes(20));
  EXPECT_TRUE(layer().known(first)) << "until it has been unpinned as often";
  layer().unpin(first);
  clock_.pass(minutes(1));
  EXPECT_FALSE(layer().known(first));
  layer().unpin(first);  // is gone, which is nobody's fault
}

TEST_F(Peers, SeventyThousandPinsAreMoreThanOne) {
  parameters_.max_peers = 1;
  const PeerId peer = acquaint(1);
  for (int i = 0; i < 0x10000; ++i) layer().pin(peer);
  receive("40 01 00 01", 2);
  EXPECT_TRUE(layer().known(peer));
}

TEST_F(Peers, WhenEverybodyIsPinnedStrangersAreTurnedAway) {
  parameters_.max_peers = 20;
  for (std::uint32_t index = 1; index <= 20; ++index) layer().pin(acquaint(index));
  const auto before = events_.requests.size();
  for (std::uint32_t index = 100; index < 1000; ++index) receive("40 01 00 01", index);
  EXPECT_EQ(events_.requests.size(), before);
  EXPECT_EQ(sent(), Lines{});
  EXPECT_TRUE(events_.gone.empty());
  EXPECT_FALSE(layer().peer_at(path_of(5000)));
  receive("40 01 00 02", 7);
  EXPECT_EQ(events_.requests.size(), before + 1) << "those that are known are served";
}

TEST_F(Peers, ASilentOneIsForgottenWhenItsMessagesCanComeNoMore) {
  const PeerId peer = acquaint();
  clock_.pass(seconds(246));
  EXPECT_TRUE(layer().known(peer));
  clock_.pass(seconds(15));
  EXPECT_FALSE(layer().known(peer));
  EXPECT_EQ(events_.gone, std::vector<PeerId>{peer});
}

TEST_F(Peers, WhatIsOnItsWayKeepsAPeerKnown) {
  parameters_.max_peers = 1;
  const PeerId peer = acquaint();
  static_cast<void>(send(peer, Confirm::Yes, 1));
  static_cast<void>(send(peer, Confirm::Yes, 2));
  receive("40 01 00 01", 2);
  EXPECT_TRUE(layer().known(peer));
  clock_.pass(minutes(10));
  EXPECT_EQ(sink_.told.size(), 2U);
  EXPECT_FALSE(layer().known(peer));
}

TEST_F(Peers, TheEndOfAnAssociationIsToldToEverybodyWhoWaits) {
  port_.is_secure = true;
  parameters_.nstart = 2;
  const PeerId other = acquaint(2);
  static_cast<void>(send(other, Confirm::Yes, 100));
  const PeerId peer = acquaint(1);
  EXPECT_TRUE(layer().verified(peer));
  for (Cookie cookie = 1; cookie <= 4; ++cookie) static_cast<void>(send(peer, Confirm::Yes, cookie));
  layer().pin(peer);
  sink_.then = [&](const FakeSink::Told& told) {
    EXPECT_FALSE(layer().known(told.peer));
    EXPECT_EQ(send(told.peer, Confirm::Yes, 9), Sent::Refused);
    layer().unpin(told.peer);
  };
  const std::string mid = sent_mid();
  layer().on_association_ended(path_of(1));
  EXPECT_EQ(sink_.told, (std::vector<FakeSink::Told>{{peer, 1, Outcome::PeerGone},
                                                     {peer, 2, Outcome::PeerGone},
                                                     {peer, 3, Outcome::PeerGone},
                                                     {peer, 4, Outcome::PeerGone}}));
  EXPECT_EQ(events_.gone, std::vector<PeerId>{peer});
  port_.sent.clear();
  receive("60 00 " + mid);
  clock_.pass(seconds(10));
  for (const auto& datagram : port_.sent) EXPECT_EQ(datagram.path, path_of(2));
  EXPECT_EQ(sink_.told.size(), 4U);
  layer().on_association_ended(path_of(1));  // of nobody
  EXPECT_EQ(events_.gone.size(), 1U);
}

TEST_F(Peers, WhoIsGoneIsSpokenToNoMore) {
  receive("40 01 00 01");
  const auto request = events_.requests.at(0);
  layer().on_association_ended(path_of(1));
  Parts parts = notification();
  layer().reply(request.to, parts);
  layer().acknowledge(request.to);
  layer().reject(request.to);
  layer().set_verified(request.peer);
  EXPECT_EQ(layer().probe(request.peer, {&sink_, 1}), Sent::Refused);
  EXPECT_EQ(layer().peer(request.peer).address, SocketAddress());
  EXPECT_EQ(sent(), Lines{});
}

TEST_F(Peers, AnAnswerGoesBackTheWayTheRequestCame) {
  answer_at_once();
  DatagramPath path = path_of(1);
  path.local_ip[15] = 77;
  path.interface = 3;
  const Bytes request = hex("40 01 00 01");
  layer().on_datagram({path, request, false});
  EXPECT_EQ(port_.sent.at(0).path, path);
  EXPECT_EQ(layer().peer(events_.requests[0].peer).local.ip, path.local_ip);
  EXPECT_EQ(layer().peer(events_.requests[0].peer).address, path.remote);
}

TEST_F(Peers, ALinkLocalAddressIsOneForEachInterface) {
  DatagramPath path;
  path.remote = *SocketAddress::parse("[fe80::1]:5683");
  const Bytes request = hex("40 01 00 01");
  for (const std::uint32_t interface : {1U, 2U, 1U}) {
    path.interface = interface;
    layer().on_datagram({path, request, false});
  }
  EXPECT_EQ(layer().peers(), 2U);
  DatagramPath global = path_of(1);
  for (const std::uint32_t interface : {1U, 2U}) {
    global.interface = interface;
    layer().on_datagram({global, request, false});
  }
  EXPECT_EQ(layer().peers(), 3U);
}

TEST_F(Peers, AMillionForgedAddressesStayWithinTheBounds) {
  parameters_.max_peers = 50'000;
  parameters_.max_duplicates = 50'000;
  const PeerId observer = acquaint(5'000'000);
  layer().pin(observer);
  events_.serve = [this](const FakeEvents::Arrived& request) {
    Parts parts = notification("hi");
    layer().reply(request.to, parts);
    port_.sent.clear();
    events_.requests.clear();
    events_.gone.clear();
  };
  const Bytes request = hex("40 01 00 01");
  for (std::uint32_t index = 0; index < 1'000'000; ++index) receive_bytes(request, index);
  EXPECT_EQ(layer().peers(), 50'000U);
  EXPECT_EQ(layer().duplicates().size(), 50'000U);
  EXPECT_TRUE(layer().known(observer));
  clock_.pass(minutes(10));
  EXPECT_EQ(layer().peers(), 1U);
  EXPECT_EQ(layer().duplicates().size(), 0U);
}

// With a message on its way to each of them: what ends costs only its own.
TEST_F(Peers, AHundredThousandAssociationsEndAtOnce) {
  port_.is_secure = true;
  constexpr std::uint32_t kMany = 100'000;
  for (std::uint32_t index = 0; index < kMany; ++index) {
    static_cast<void>(send(acquaint(index), Confirm::Yes, index));
  }
  for (std::uint32_t index = 0; index < kMany; ++index) layer().on_association_ended(path_of(index));
  EXPECT_EQ(sink_.told.size(), kMany);
  EXPECT_EQ(layer().peers(), 0U);
}

TEST_F(Peers, SomebodyWhoIsForgottenIsReportedToTheEnd) {
  parameters_.max_peers = 1;
  static_cast<void>(acquaint(1));
  std::vector<bool> known;
  events_.mourn = [&](PeerId peer) { known.push_back(layer().known(peer)); };
  static_cast<void>(acquaint(2));
  EXPECT_EQ(known, std::vector<bool>{false});
}

TEST(PeerBudget, AnIdlePeerWithItsLastRequestCostsLessThan400Bytes) {
  // Two entries of flat maps, 15 places for at most 13 elements, doubled when they are full.
  constexpr std::size_t kPeerKey = 28;       // address, port, interface, slot
  constexpr std::size_t kDuplicateKey = 16;  // peer, message id, slot
  constexpr std::size_t kDuplicate = 56;
  constexpr std::size_t kMaps = (kPeerKey + kDuplicateKey + 2) * 16 / 13 * 2;
  EXPECT_LE(sizeof(Peer), 80U);
  EXPECT_LE(sizeof(Peer) + kDuplicate + kMaps + 2 * sizeof(std::uint32_t), 400U);
  EXPECT_LE(sizeof(PeerTraffic), 200U);
}

class Table : public ::testing::Test {
 protected:
  PeerId insert(std::uint32_t index) { return table_.insert(path_of(index), now_, evicted_); }
  PeerTable table_{1000};
  PeerId evicted_;
  TimePoint now_{};
};

TEST_F(Table, FindsWhoIsThere) {
  const PeerId peer = insert(1);
  EXPECT_EQ(table_.find(path_of(1)), peer);
  EXPECT_FALSE(table_.find(path_of(2)));
  EXPECT_EQ(table_.get({}), nullptr);
  EXPECT_EQ(table_.get({99, 1}), nullptr);
  table_.erase(peer);
  EXPECT_EQ(table_.get(peer), nullptr);
  EXPECT_FALSE(table_.find(path_of(1)));
  EXPECT_FALSE(table_.oldest());
}

TEST_F(Table, KeepsTheOrderInWhichTheyWereHeard) {
  std::vector<PeerId> peers;
  for (std::uint32_t index = 0; index < 5; ++index) peers.push_back(insert(index));
  table_.touch(peers[0], path_of(0), now_);
  table_.touch(peers[4], path_of(4), now_);
  table_.pin(peers[2]);
  table_.unpin(peers[2]);
  table_.erase(peers[1]);
  std::vector<PeerId> order;
  while (table_.oldest()) {
    order.push_back(table_.oldest());
    table_.erase(table_.oldest());
  }
  EXPECT_EQ(order, (std::vector<PeerId>{peers[3], peers[0], peers[4], peers[2]}));
}

TEST_F(Table, WhoIsPinnedGivesNoPlace) {
  std::vector<PeerId> peers;
  for (std::uint32_t index = 0; index < 1000; ++index) peers.push_back(insert(index));
  for (std::uint32_t index = 0; index < 999; ++index) table_.pin(peers[index]);
  EXPECT_TRUE(insert(2000)) << "however many are pinned before it";
  EXPECT_EQ(evicted_, peers[999]);
  const PeerId last = table_.find(path_of(2000));
  table_.pin(last);
  EXPECT_FALSE(insert(2001)) << "all are";
  table_.unpin(peers[5]);
  EXPECT_TRUE(insert(2001));
  EXPECT_EQ(evicted_, peers[5]);
  table_.touch(peers[7], path_of(7), now_);
  table_.erase(peers[7]);
  table_.unpin(peers[7]);
  EXPECT_EQ(table_.size(), 999U);
}

TEST_F(Table, MessageIdsBeginAnywhere) {
  std::unordered_set<MessageId> first;
  for (std::uint32_t index = 0; index < 500; ++index) first.insert(table_.get(insert(index))->next_mid);
  EXPECT_GT(first.size(), 400U);
}

}  // namespace
}  // namespace sluice::coap::testing

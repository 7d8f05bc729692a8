// SPDX-License-Identifier: Apache-2.0
// No message id twice within EXCHANGE_LIFETIME [RFC 7252 4.4].
#include "shared/coap/message/message_ids.h"

#include "tests/unit/coap_message/message_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

constexpr PeerId kPeer{1, 1};
constexpr std::uint32_t kAll = 0x10000;

TEST(MessageIds, AreFreeAgainAfterTheirLifetime) {
  MessageIds ids(seconds(247));
  TimePoint now{seconds(1000)};
  MessageId next = 100;
  for (std::uint32_t i = 0; i < kAll - 100; ++i) {
    ASSERT_TRUE(ids.free(kPeer, next, now)) << next;
    ids.used(kPeer, next++, now);
  }
  EXPECT_EQ(next, 0);
  EXPECT_FALSE(ids.free(kPeer, next, now));
  EXPECT_TRUE(ids.free({2, 1}, next, now)) << "of another peer";
  now += seconds(246);
  EXPECT_FALSE(ids.free(kPeer, next, now));
  now += seconds(1);
  EXPECT_TRUE(ids.free(kPeer, next, now));
  ids.forget(kPeer);
  EXPECT_EQ(ids.size(), 0U);
}

TEST(MessageIds, APeerThatGetsFewMessagesDoesNotWait) {
  MessageIds ids(seconds(247));
  TimePoint now{seconds(1000)};
  MessageId next = 0;
  for (std::uint32_t i = 0; i < 4 * kAll; ++i, now += std::chrono::milliseconds(5)) {
    ASSERT_TRUE(ids.free(kPeer, next, now)) << "200 in a second";
    ids.used(kPeer, next++, now);
  }
  EXPECT_EQ(ids.size(), 1U);
}

class MessageIdTest : public MessageTest {
 protected:
  PeerId verified_peer(std::uint32_t index = 1) {
    const PeerId peer = acquaint(index);
    layer().set_verified(peer);
    layer().pin(peer);
    return peer;
  }
  /// How many the peer gets until it has to wait.
  std::uint32_t exhaust(PeerId peer) {
    std::uint32_t count = 0;
    for (; send(peer, Confirm::No, 1) == Sent::Yes; ++count) port_.sent.clear();
    return count;
  }
};

TEST_F(MessageIdTest, WhoHasGotAllHasToWait) {
  const PeerId peer = verified_peer();
  const std::uint32_t count = exhaust(peer);
  EXPECT_GT(count, kAll - 2 * MessageIds::kSegment);
  EXPECT_LE(count, kAll);
  EXPECT_EQ(send(peer, Confirm::Yes, 2), Sent::Waiting);
  clock_.pass(seconds(240));
  EXPECT_TRUE(port_.sent.empty());
  EXPECT_TRUE(events_.room.empty());
  clock_.pass(seconds(20));
  const std::vector<std::string> waited = sent();
  ASSERT_FALSE(waited.empty());
  for (const std::string& datagram : waited)
    EXPECT_EQ(datagram, waited.front()) << "the one that waited, and its copies";
  EXPECT_EQ(events_.room, std::vector<PeerId>{peer});
  EXPECT_EQ(send(peer, Confirm::No, 3), Sent::Yes);
}

TEST_F(MessageIdTest, AnswersDoNotWait) {
  const PeerId peer = verified_peer();
  exhaust(peer);
  Parts parts = notification();
  layer().reply({peer, 1, Type::NonConfirmable, false}, parts);
  EXPECT_EQ(port_.sent.size(), 1U);
}

TEST_F(MessageIdTest, OthersDoNotWait) {
  exhaust(verified_peer());
  EXPECT_EQ(send(verified_peer(2), Confirm::No, 1), Sent::Yes);
}

}  // namespace
}  // namespace sluice::coap::testing

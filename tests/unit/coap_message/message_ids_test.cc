// SPDX-License-Identifier: Apache-2.0
// No message id twice within EXCHANGE_LIFETIME [RFC 7252 4.4].
#include "shared/coap/message/message_ids.h"

#include "shared/coap/message/message_probe.h"
#include "tests/unit/coap_message/message_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;

constexpr PeerId kPeer{1, 1};
constexpr std::uint32_t kAll = 0x10000;

TEST(MessageIds, NoneComesAgainWithinItsLifetimeHoweverManyAreWanted) {
  MessageIds ids(seconds(247));
  const TimePoint begin{seconds(1000)};
  std::vector<TimePoint> used(kAll, begin - seconds(1000));
  MessageId next = 12'345;
  std::uint32_t given = 0;
  for (TimePoint now = begin; now < begin + seconds(1000); now += std::chrono::milliseconds(1)) {
    // Three pauses, in which credit is regained.
    if ((now - begin) % seconds(300) > seconds(200)) continue;
    for (; ids.free(kPeer, next, now); ++given) {
      ASSERT_GE(now - used[next], seconds(247)) << given;
      used[next] = now;
      ids.used(kPeer, next++, now);
    }
  }
  EXPECT_GT(given, 150'000U) << "and they are made use of";
  EXPECT_TRUE(ids.free({2, 1}, 0, begin)) << "of another peer";
}

TEST(MessageIds, APeerThatGetsFewMessagesDoesNotWait) {
  MessageIds ids(seconds(247));
  TimePoint now{seconds(1000)};
  MessageId next = 0;
  for (std::uint32_t i = 0; i < 4 * kAll; ++i, now += std::chrono::milliseconds(6)) {
    ASSERT_TRUE(ids.free(kPeer, next, now)) << i;
    ids.used(kPeer, next++, now);
  }
}

TEST(MessageIds, WhoHasAllOfItsCreditIsForgottenInTime) {
  MessageIds ids(seconds(247));
  TimePoint now{seconds(1000)};
  for (std::uint32_t slot = 1; slot <= 100'000; ++slot, now += std::chrono::milliseconds(10)) {
    ids.used({slot, 1}, 0, now);
    ids.used({slot, 1}, 64, now);
  }
  EXPECT_LT(ids.size(), 3000U);
  ids.forget({100'000, 1});
  EXPECT_TRUE(ids.free({100'000, 1}, 0, now));
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
  const std::uint64_t paced = message_probe().paced.value();
  const std::uint32_t count = exhaust(peer);
  EXPECT_EQ(message_probe().paced.value(), paced + 1);
  EXPECT_GE(count, MessageIds::kBurst);
  EXPECT_LE(count, MessageIds::kBurst + MessageIds::kStep);
  EXPECT_EQ(send(peer, Confirm::Yes, 2), Sent::Waiting);
  EXPECT_TRUE(port_.sent.empty());
  EXPECT_TRUE(events_.room.empty());
  clock_.pass(seconds(3));
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

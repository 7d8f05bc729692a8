// SPDX-License-Identifier: Apache-2.0
// Acknowledgements that wait for the disk, and as many of them as there may be.
#include <string_view>
#include <vector>

#include "tests/unit/mqtt/machine_fixture.h"

namespace sluice::mqtt {
namespace {

using test::Connect;
using test::Type;

constexpr unsigned kReceiveMaximumExceeded = 0x93;

std::vector<PacketId> opened(AckGate& gate, CommitTicket ticket) {
  std::vector<PacketId> ids;
  gate.open(ticket, [&](const AckGate::Waiting& ack) { ids.push_back(ack.id); });
  return ids;
}

AckGate::Waiting ack(CommitTicket ticket, PacketId id) { return {.ticket = ticket, .id = id}; }

TEST(AckGate, OpensInOrderUpToTheTicket) {
  AckGate gate;
  EXPECT_TRUE(gate.empty());
  for (const auto& [ticket, id] : {std::pair(2, 7), {2, 5}, {0, 6}, {4, 1}, {0, 2}}) {
    EXPECT_TRUE(gate.push(ack(static_cast<CommitTicket>(ticket), static_cast<PacketId>(id))));
  }
  EXPECT_EQ(opened(gate, 1), std::vector<PacketId>{});
  EXPECT_EQ(opened(gate, 3), (std::vector<PacketId>{7, 5, 6})) << "what waits for nothing waits for its turn";
  EXPECT_FALSE(gate.empty());
  EXPECT_EQ(opened(gate, 4), (std::vector<PacketId>{1, 2}));
  EXPECT_TRUE(gate.empty());
}

TEST(AckGate, TakesAsManyAsThereArePacketIdsAndMoreOnceSomeHaveLeft) {
  AckGate gate;
  for (std::size_t i = 1; i <= AckGate::kMost; ++i) ASSERT_TRUE(gate.push(ack(i, static_cast<PacketId>(i))));
  EXPECT_FALSE(gate.push(ack(AckGate::kMost + 1, 1)));
  EXPECT_EQ(opened(gate, 1), std::vector<PacketId>{1});
  EXPECT_TRUE(gate.push(ack(AckGate::kMost + 1, 1)));
  EXPECT_FALSE(gate.push(ack(AckGate::kMost + 2, 2)));
  EXPECT_EQ(opened(gate, SIZE_MAX).size(), AckGate::kMost);
}

class MachineGateTest : public MachineTest, public testing::WithParamInterface<int> {
 protected:
  void connect() {
    receive(Connect().id("c").bytes(version()));
    EXPECT_EQ(sent(version()).type, Type::ConnAck);
  }
  static int version() { return GetParam(); }
  void publish(unsigned id) { receive(test::Publish("t").qos(1, id).bytes(version())); }
  void fill() {
    broker_.client.ticket = 1;
    for (unsigned id = 1; id <= AckGate::kMost; ++id) publish(id);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, MachineGateTest, testing::Values(3, 4, 5));

TEST_P(MachineGateTest, AsManyAsThereArePacketIdsWaitAndLeaveInOrder) {
  connect();
  fill();
  EXPECT_TRUE(silent());
  EXPECT_FALSE(closed_);
  receive(std::string_view("\xC0\0", 2));
  EXPECT_EQ(sent(version()).type, Type::PingResp) << "it passes by";
  machine().on_committed(1);
  for (unsigned id = 1; id <= AckGate::kMost; ++id) ASSERT_EQ(sent(version()).packet_id, id);
  EXPECT_TRUE(silent());
  publish(1);
  EXPECT_TRUE(silent());
  machine().on_committed(1);
  EXPECT_EQ(sent(version()).type, Type::PubAck);
}

TEST_P(MachineGateTest, WhoSendsMoreIsDisconnected) {
  connect();
  fill();
  publish(1);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(broker_.client.closed, std::vector{Reason::ReceiveMaximumExceeded});
  if (version() == 5) {
    const test::Packet last = sent();
    EXPECT_EQ(last.type, Type::Disconnect);
    EXPECT_EQ(last.reason, kReceiveMaximumExceeded);
  }
  machine().on_committed(1);
  EXPECT_TRUE(silent()) << "nothing is acknowledged on a connection that has ended";
}

}  // namespace
}  // namespace sluice::mqtt

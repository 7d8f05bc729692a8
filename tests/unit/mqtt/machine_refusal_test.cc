// SPDX-License-Identifier: Apache-2.0
// What becomes of a client whose message the core refuses with Quota exceeded.
#include <chrono>
#include <string_view>
#include <vector>

#include "tests/unit/mqtt/machine_fixture.h"

namespace sluice::mqtt {
namespace {

using std::chrono::seconds;
using test::Connect;
using test::Type;

constexpr unsigned kQuotaExceeded = 0x97;

class MachineRefusalTest : public MachineTest {
 protected:
  MachineRefusalTest() { settings_.refuse_timeout = seconds(7); }
  void connect(int version) {
    version_ = version;
    receive(Connect().id("c").bytes(version));
    EXPECT_EQ(sent(version).type, Type::ConnAck);
  }
  void publish(unsigned id, int qos = 1) {
    receive(test::Publish("t").qos(static_cast<unsigned>(qos), id).bytes(version_));
  }
  void publish_refused(unsigned id, int qos = 1) {
    broker_.client.answer = Reason::QuotaExceeded;
    publish(id, qos);
    broker_.client.answer = Reason::Success;
  }

  int version_ = 4;
};

TEST_F(MachineRefusalTest, AnMqtt5ClientIsTold) {
  connect(5);
  publish_refused(1);
  const test::Packet puback = sent();
  EXPECT_EQ(puback.type, Type::PubAck);
  EXPECT_EQ(puback.reason, kQuotaExceeded);
  publish_refused(2, 2);
  const test::Packet pubrec = sent();
  EXPECT_EQ(pubrec.type, Type::PubRec);
  EXPECT_EQ(pubrec.reason, kQuotaExceeded);
  EXPECT_EQ(machine().deadline(), TimePoint::max());
}

TEST_F(MachineRefusalTest, AnOlderClientIsNotAnsweredButServed) {
  connect(4);
  publish_refused(1);
  publish_refused(2, 2);
  EXPECT_TRUE(silent());
  receive(std::string_view("\xC0\0", 2));
  EXPECT_EQ(sent(4).type, Type::PingResp);
  publish(3);
  EXPECT_EQ(sent(4).packet_id, 3U);
  EXPECT_FALSE(closed_);
}

TEST_F(MachineRefusalTest, AnOlderClientIsDisconnectedAfterAWhileCountedFromTheFirst) {
  connect(4);
  const TimePoint began = now_;
  publish_refused(1);
  EXPECT_EQ(deadline_changes_, 1);
  now_ += seconds(3);
  publish_refused(2);
  EXPECT_EQ(machine().deadline(), began + seconds(7));
  EXPECT_EQ(deadline_changes_, 1);
  now_ = began + seconds(7);
  machine().on_deadline();
  EXPECT_TRUE(closed_);
  EXPECT_TRUE(silent()) << "there is no DISCONNECT from a server in MQTT 3";
  EXPECT_EQ(broker_.client.closed, std::vector{Reason::QuotaExceeded});
}

TEST_F(MachineRefusalTest, TheWaitingEndsWhenAllIsTaken) {
  connect(3);
  publish_refused(1);
  publish_refused(2, 2);
  publish(1);
  EXPECT_EQ(sent(3).type, Type::PubAck);
  EXPECT_NE(machine().deadline(), TimePoint::max());
  publish(2, 2);
  EXPECT_EQ(sent(3).type, Type::PubRec);
  EXPECT_EQ(machine().deadline(), TimePoint::max());
  EXPECT_EQ(deadline_changes_, 2);
}

TEST_F(MachineRefusalTest, WhoIsRefusedTooMuchIsNotForgiven) {
  connect(4);
  for (unsigned id = 1; id <= 2000; ++id) publish_refused(id);
  for (unsigned id = 1; id <= 2000; ++id) publish(id);
  EXPECT_NE(machine().deadline(), TimePoint::max());
}

TEST_F(MachineRefusalTest, AConnectionCostsNoMore) { EXPECT_LE(sizeof(Machine), 104U); }

}  // namespace
}  // namespace sluice::mqtt

// SPDX-License-Identifier: Apache-2.0
// $SYS topics and presence of a running server, as an MQTT client sees them.
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/ctl/ctl_test.h"

namespace sluice::test {
namespace {

class SysTest : public BrokerTest {
 protected:
  SysTest() : BrokerTest(4) {}
  void SetUp() override {
    if (peer() != Peer::Sluice) GTEST_SKIP() << "$SYS is every broker's own";
    start_own_broker({"mqtt.broker.sys_interval=1s"});
  }
  static constexpr const char* kNode = "$SYS/brokers/sluice@127.0.0.1/";
};

TEST_F(SysTest, AllTopicsOfTheManualComeByThemselves) {
  std::set<std::string> missing{"$SYS/brokers"};
  for (const char* what : {"version",
                           "uptime",
                           "datetime",
                           "sysdescr",
                           "stats/clients/count",
                           "stats/clients/max",
                           "stats/sessions/count",
                           "stats/sessions/max",
                           "stats/subscriptions/count",
                           "stats/subscriptions/max",
                           "stats/topics/count",
                           "stats/topics/max",
                           "metrics/bytes/received",
                           "metrics/bytes/sent",
                           "metrics/packets/received",
                           "metrics/packets/sent",
                           "metrics/packets/connect",
                           "metrics/packets/connack",
                           "metrics/packets/publish/received",
                           "metrics/packets/publish/sent",
                           "metrics/packets/subscribe",
                           "metrics/packets/suback",
                           "metrics/packets/unsubscribe",
                           "metrics/packets/unsuback",
                           "metrics/packets/pingreq",
                           "metrics/packets/pingresp",
                           "metrics/packets/disconnect",
                           "metrics/messages/received",
                           "metrics/messages/sent",
                           "metrics/messages/retained",
                           "metrics/messages/dropped"}) {
    missing.insert(std::string(kNode) + what);
  }
  Client watcher = join();
  watcher.subscribe("$SYS/#");
  // Each message takes one away or is another; every read has a deadline of its own.
  for (int i = 0; i < 2000 && !missing.empty(); ++i) missing.erase(watcher.expect(Type::Publish).topic);
  EXPECT_THAT(missing, ::testing::IsEmpty());
}

TEST_F(SysTest, WhoTheServerIsIsRetained) {
  Client first = join();
  first.subscribe(std::string(kNode) + "version");
  first.expect(Type::Publish);
  Client watcher = join();
  watcher.subscribe(std::string(kNode) + "version");
  const Packet message = watcher.expect(Type::Publish);
  EXPECT_TRUE(message.retain());
  EXPECT_EQ(message.payload, SLUICE_VERSION);
}

TEST_F(SysTest, Presence) {
  Client watcher = join();
  watcher.subscribe(std::string(kNode) + "clients/guest/+");
  Client guest = dial();
  guest.open(Connect().id("guest").user("u"));
  EXPECT_THAT(watcher.expect(Type::Publish).payload,
              ::testing::MatchesRegex(R"(\{"clientid":"guest","username":"u","ipaddress":"127.0.0.1",)"
                                      R"("clean_sess":true,"protocol":4,"connack":0,"ts":[0-9]+\})"));
  guest.leave();
  EXPECT_THAT(watcher.expect(Type::Publish).payload,
              ::testing::MatchesRegex(R"(\{"clientid":"guest","username":"u","reason":"normal","ts":[0-9]+\})"));
}

TEST_F(SysTest, ClientsMayNotSpeakForTheServer) {
  Client watcher = join();
  watcher.subscribe("$SYS/own/#");
  Client liar = join();
  liar.publish("$SYS/own/x", "lie");
  watcher.expect_nothing_more(liar);
}

}  // namespace
}  // namespace sluice::test

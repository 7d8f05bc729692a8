// SPDX-License-Identifier: Apache-2.0
// The commands of the manual's chapter 11 against a running server.
#include "tests/integration/ctl/ctl_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST_F(CtlTest, Status) {
  EXPECT_EQ(answer({"status"}), "Node 'sluice@127.0.0.1' is started\nsluice " SLUICE_VERSION " is running\n");
}

TEST_F(CtlTest, Broker) {
  EXPECT_THAT(answer({"broker"}), MatchesRegex("sysdescr  : Sluice MQTT Broker\n"
                                               "version   : " SLUICE_VERSION "\n"
                                               "uptime    : .*[0-9]+ seconds\n"
                                               "datetime  : [0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+\n"));
}

TEST_F(CtlTest, BrokerStatsAndMetrics) {
  Client client = join();
  client.subscribe("t/1");
  const std::string stats = answer({"broker", "stats"});
  EXPECT_THAT(stats, HasSubstr("clients/count       : 1\n"));
  EXPECT_THAT(stats, HasSubstr("sessions/count      : 1\n"));
  EXPECT_THAT(stats, HasSubstr("subscriptions/count : 1\n"));
  EXPECT_THAT(stats, HasSubstr("topics/count        : 1\n"));
  const std::string metrics = answer({"broker", "metrics"});
  EXPECT_THAT(metrics, HasSubstr("packets/connect         : 1\n"));
  EXPECT_THAT(metrics, HasSubstr("packets/subscribe       : 1\n"));
  EXPECT_THAT(metrics, ContainsRegex("bytes/received          : [1-9]"));
  EXPECT_THAT(metrics, HasSubstr("messages/qos2/sent      : 0\n"));
}

TEST_F(CtlTest, ClientsListShowKick) {
  Client client = dial();
  client.open(Connect().id("mosqsub/1").user("test"));
  const std::string line =
      R"(Client\(mosqsub/1, clean_sess=true, username=test, peername=127.0.0.1:[0-9]+, connected_at=[0-9]+\))"
      "\n";
  EXPECT_THAT(answer({"clients", "list"}), MatchesRegex(line));
  EXPECT_THAT(answer({"clients", "show", "mosqsub/1"}), MatchesRegex(line));
  EXPECT_EQ(answer({"clients", "kick", "mosqsub/1"}), "");
  client.expect_closed();
  const CtlOutcome gone = ctl({"clients", "show", "mosqsub/1"});
  EXPECT_EQ(gone.status, 1);
  EXPECT_EQ(gone.out, "Not Found.\n");
  EXPECT_EQ(ctl({"clients", "kick", "mosqsub/1"}).status, 1);
}

TEST_F(CtlTest, SessionsListShow) {
  Client transient = dial();
  transient.open(Connect().id("t1"));
  Client persistent = dial();
  persistent.open(Connect().id("p1").clean(false));
  persistent.subscribe("q", 1);
  persistent.leave();
  transient.publish("q", "one", 1);
  transient.publish("q", "two", 1);
  const std::string line =
      "Session\\(p1, clean_sess=false, max_inflight=32, inflight_queue=0, message_queue=2, message_dropped=0, "
      "awaiting_rel=0, awaiting_ack=0, awaiting_comp=0, created_at=[0-9]+\\)\n";
  EXPECT_THAT(answer({"sessions", "list", "persistent"}), MatchesRegex(line));
  EXPECT_THAT(answer({"sessions", "show", "p1"}), MatchesRegex(line));
  EXPECT_THAT(answer({"sessions", "list", "transient"}), MatchesRegex("Session\\(t1, clean_sess=true, .*\\)\n"));
  const std::string all = answer({"sessions", "list"});
  EXPECT_THAT(all, HasSubstr("Session(p1, "));
  EXPECT_THAT(all, HasSubstr("Session(t1, "));
}

TEST_F(CtlTest, SessionsShowWhatIsInFlight) {
  Client subscriber = dial();
  subscriber.open(Connect().id("s1"));
  subscriber.subscribe("f", 2);
  Client publisher = join();
  publisher.publish("f", "one", 2);
  publisher.publish("f", "two", 2);
  const Packet first = subscriber.expect_message("f", "one");
  subscriber.expect_message("f", "two");
  subscriber.send(Ack(Type::PubRec, first.packet_id));
  subscriber.expect_ack(Type::PubRel, first.packet_id);
  EXPECT_THAT(answer({"sessions", "show", "s1"}), HasSubstr("inflight_queue=2, message_queue=0, message_dropped=0, "
                                                            "awaiting_rel=0, awaiting_ack=1, awaiting_comp=1, "));
}

TEST_F(CtlTest, SubscriptionsRoutesAndTopics) {
  Client client = dial();
  client.open(Connect().id("c1"));
  client.subscribe("t/+/x", 2);
  EXPECT_EQ(answer({"subscriptions", "list"}), "c1 -> t/+/x:2\n");
  EXPECT_EQ(answer({"subscriptions", "show", "c1"}), "c1 -> t/+/x:2\n");
  EXPECT_EQ(answer({"routes", "list"}), "t/+/x -> sluice@127.0.0.1\n");
  EXPECT_EQ(answer({"routes", "show", "t/+/x"}), "t/+/x -> sluice@127.0.0.1\n");
  const std::string topics = answer({"topics", "list"});
  EXPECT_THAT(topics, HasSubstr("$SYS/brokers/sluice@127.0.0.1/metrics/packets/subscribe: static\n"));
  EXPECT_THAT(topics, HasSubstr("$SYS/brokers/sluice@127.0.0.1/stats/subscriptions/max: static\n"));
  EXPECT_THAT(topics, HasSubstr("t/+/x: \n"));
  EXPECT_EQ(answer({"topics", "show", "$SYS/brokers"}), "$SYS/brokers: static\n");
  EXPECT_EQ(ctl({"subscriptions", "show", "nobody"}).status, 1);
}

TEST_F(CtlTest, Listeners) {
  Client client = join();
  EXPECT_THAT(answer({"listeners"}), MatchesRegex("listener on mqtt:tcp:127.0.0.1:[0-9]+\n"
                                                  "  acceptors       : [0-9]+\n"
                                                  "  max_clients     : [0-9]+\n"
                                                  "  current_clients : 1\n"
                                                  "  shutdown_count  : \\[\\]\n"));
}

TEST_F(CtlTest, AclReload) {
  Client client = join();
  ASSERT_EQ(client.subscribe("secret/1"), 0U);
  std::ofstream(rules_.path() / "acl.conf") << "{deny, all, subscribe, [\"secret/#\"]}.\n{allow, all}.\n";
  EXPECT_EQ(answer({"acl", "reload"}), "ok\n");
  EXPECT_EQ(client.subscribe("secret/2"), 0x80U);
  std::ofstream(rules_.path() / "acl.conf") << "{permit, all}.\n";
  const CtlOutcome bad = ctl({"acl", "reload"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.err, HasSubstr("acl.conf"));
  EXPECT_EQ(client.subscribe("secret/3"), 0x80U) << "the old rules stay";
}

TEST_F(CtlTest, Json) {
  Client client = dial();
  client.open(Connect().id("c1"));
  client.subscribe("t", 1);
  EXPECT_EQ(answer({"--json", "subscriptions", "list"}), "[\n  {\"client_id\":\"c1\",\"topic\":\"t\",\"qos\":1}\n]\n");
  EXPECT_THAT(answer({"broker", "--json"}), HasSubstr("\"node_status\": \"Running\""));
}

TEST_F(CtlTest, ManyClientsAreListedOnce) {
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(dial());
    clients.back().open(Connect().id("many" + std::to_string(i)));
  }
  const std::string list = answer({"clients", "list"});
  for (int i = 0; i < 50; ++i) {
    const std::string mark = "Client(many" + std::to_string(i) + ",";
    const auto found = list.find(mark);
    ASSERT_NE(found, std::string::npos) << mark;
    EXPECT_EQ(list.find(mark, found + 1), std::string::npos) << mark;
  }
}

TEST_F(CtlTest, WrongUseAndNoServer) {
  EXPECT_EQ(ctl({"clients"}).status, 2);
  EXPECT_EQ(ctl({"nonsense"}).status, 2);
  const CtlOutcome nobody = run_ctl(rules_.path(), {"--socket=" + (rules_.path() / "none.sock").string(), "status"});
  EXPECT_EQ(nobody.status, 3);
  EXPECT_EQ(nobody.out, "");
  EXPECT_THAT(nobody.err, HasSubstr("none.sock"));
  EXPECT_EQ(run_ctl(broker().directory(), {"status"}).status, 3) << "data/sluice.sock is not there";
}

TEST_F(CtlTest, FindsTheSocketInTheDataFolder) {
  std::filesystem::create_directory_symlink(broker().directory(), rules_.path() / "data");
  EXPECT_EQ(run_ctl(rules_.path(), {"status"}).status, 0);
}

TEST_F(CtlTest, TheSocketGoesWithTheServer) {
  const auto socket = broker().directory() / "sluice.sock";
  EXPECT_TRUE(std::filesystem::is_socket(socket));
  EXPECT_EQ(std::filesystem::status(socket).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(broker().stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket));
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Shapes of the manual's chapter 13, and errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/management/api_fixture.h"

namespace sluice::management {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

class HandlersTest : public ApiTest {};

TEST_F(HandlersTest, Nodes) {
  const Json nodes = get("management/nodes");
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_THAT(keys(nodes[0]),
              ElementsAre("name", "version", "sysdescr", "uptime", "datetime", "otp_release", "node_status"));
  EXPECT_EQ(nodes[0]["name"], "node@test");
  EXPECT_EQ(nodes[0]["version"], "9.8.7");
  EXPECT_EQ(nodes[0]["uptime"], "25 seconds");
  EXPECT_EQ(nodes[0]["node_status"], "Running");
  EXPECT_THAT(keys(get("management/nodes/node@test")),
              ElementsAre("version", "sysdescr", "uptime", "datetime", "otp_release", "node_status"));
}

TEST_F(HandlersTest, AnotherNodeIsNotThere) {
  for (const char* path : {"management/nodes/x", "monitoring/stats/x", "monitoring/metrics/x", "monitoring/listeners/x",
                           "nodes/x/clients", "nodes/x/sessions", "nodes/x/subscriptions", "nodes/x/alarms"}) {
    EXPECT_EQ(refused(Method::Get, path), std::pair(404U, 101)) << path;
  }
}

TEST_F(HandlersTest, MetricsHaveTheManualsNamesEvenWithoutTraffic) {
  EXPECT_THAT(keys(get("monitoring/metrics/")), IsSupersetOf({"bytes/received",
                                                              "bytes/sent",
                                                              "messages/dropped",
                                                              "messages/qos0/received",
                                                              "messages/qos0/sent",
                                                              "messages/qos1/received",
                                                              "messages/qos1/sent",
                                                              "messages/qos2/dropped",
                                                              "messages/qos2/received",
                                                              "messages/qos2/sent",
                                                              "messages/received",
                                                              "messages/retained",
                                                              "messages/sent",
                                                              "packets/connack",
                                                              "packets/connect",
                                                              "packets/disconnect",
                                                              "packets/pingreq",
                                                              "packets/pingresp",
                                                              "packets/puback/missed",
                                                              "packets/puback/received",
                                                              "packets/puback/sent",
                                                              "packets/pubcomp/missed",
                                                              "packets/pubcomp/received",
                                                              "packets/pubcomp/sent",
                                                              "packets/publish/received",
                                                              "packets/publish/sent",
                                                              "packets/pubrec/missed",
                                                              "packets/pubrec/received",
                                                              "packets/pubrec/sent",
                                                              "packets/pubrel/missed",
                                                              "packets/pubrel/received",
                                                              "packets/pubrel/sent",
                                                              "packets/received",
                                                              "packets/sent",
                                                              "packets/suback",
                                                              "packets/subscribe",
                                                              "packets/unsuback",
                                                              "packets/unsubscribe"}));
  EXPECT_EQ(keys(get("monitoring/metrics/node@test")), keys(get("monitoring/metrics")));
}

TEST_F(HandlersTest, RetainedMessagesAreCounted) {
  live_.join("c1").publish("kept", "x", true);
  EXPECT_EQ(get("monitoring/metrics/node@test")["messages/retained"], 1);
  EXPECT_EQ(get("monitoring/stats/node@test")["retained/count"], 1);
}

TEST_F(HandlersTest, StatsCountAndRememberTheMost) {
  EXPECT_THAT(keys(get("monitoring/stats/node@test")),
              IsSupersetOf({"clients/count", "clients/max", "queues/count", "queues/max", "retained/count",
                            "retained/max", "routes/count", "routes/max", "routes/reverse", "sessions/count",
                            "sessions/max", "subscribers/count", "subscribers/max", "subscriptions/count",
                            "subscriptions/max", "topics/count", "topics/max"}));
  FakeClient& client = live_.join("c1");
  client.subscribe("a/b");
  client.subscribe("a/+");
  const Json busy = get("monitoring/stats/node@test");
  EXPECT_EQ(busy["clients/count"], 1);
  EXPECT_EQ(busy["sessions/count"], 1);
  EXPECT_EQ(busy["subscriptions/count"], 2);
  EXPECT_EQ(busy["topics/count"], 2);
  client.close();
  const Json quiet = get("monitoring/stats")[0]["node@test"];
  EXPECT_EQ(quiet["clients/count"], 0);
  EXPECT_EQ(quiet["clients/max"], 1);
  EXPECT_EQ(quiet["subscriptions/count"], 0);
  EXPECT_EQ(quiet["subscriptions/max"], 2);
}

TEST_F(HandlersTest, ShowsOneClient) {
  live_.join("mqttjs/1", 1);
  const Json shown = get("clients/mqttjs%2F1");
  ASSERT_EQ(shown["objects"].size(), 1U);
  const Json& client = shown["objects"][0];
  EXPECT_THAT(keys(client), ElementsAre("client_id", "username", "ipaddress", "port", "clean_sess", "proto_ver",
                                        "keepalive", "connected_at"));
  EXPECT_EQ(client["client_id"], "mqttjs/1");
  EXPECT_EQ(client["username"], "undefined");
  EXPECT_EQ(client["ipaddress"], "127.0.0.1");
  EXPECT_EQ(client["port"], 58459);
  EXPECT_EQ(client["clean_sess"], true);
  EXPECT_EQ(client["proto_ver"], 4);
  EXPECT_EQ(client["keepalive"], 60);
  EXPECT_EQ(get("nodes/node@test/clients/mqttjs/1"), shown) << "slashes may stand as they are";
  EXPECT_EQ(get("clients/mqttjs%2F1?details=true")["objects"][0]["peername"], "127.0.0.1:58459");
  EXPECT_TRUE(get("clients/nobody")["objects"].empty());
}

TEST_F(HandlersTest, ShowsOneSession) {
  live_.join("s1", 1, 100).subscribe("a", Qos::AtLeastOnce);
  const Json shown = get("sessions/s1");
  ASSERT_EQ(shown["objects"].size(), 1U);
  EXPECT_THAT(keys(shown["objects"][0]),
              ElementsAre("client_id", "clean_sess", "subscriptions", "max_inflight", "inflight_len", "mqueue_len",
                          "mqueue_dropped", "awaiting_rel_len", "deliver_msg", "enqueue_msg", "created_at"));
  live_.join("sender").publish("a", "x");
  const Json session = get("nodes/node@test/sessions/s1?details=true")["objects"][0];
  EXPECT_EQ(session["clean_sess"], false);
  EXPECT_EQ(session["subscriptions"], 1);
  EXPECT_EQ(session["awaiting_comp"], 0);
  EXPECT_TRUE(session["created_ts"].is_number());
}

TEST_F(HandlersTest, ASessionOutlivesItsClient) {
  live_.join("s1", 1, 100).close(CloseKind::Abnormal);
  EXPECT_TRUE(get("clients/s1")["objects"].empty());
  EXPECT_EQ(get("sessions/s1")["objects"].size(), 1U);
  EXPECT_EQ(refused(Method::Delete, "clients/s1"), std::pair(404U, 112));
}

TEST_F(HandlersTest, KicksAClient) {
  FakeClient& client = live_.join("c/1", 1);
  EXPECT_EQ(call(Method::Delete, "clients/c%2F1").body, R"({"code":0,"result":[]})");
  EXPECT_EQ(client.await_end(), Reason::AdministrativeAction);
  EXPECT_EQ(refused(Method::Delete, "clients/c%2F1"), std::pair(404U, 112));
}

TEST_F(HandlersTest, CleansAnAclCache) {
  live_.join("c1", 1);
  EXPECT_EQ(call(Method::Put, "clients/c1/clean_acl_cache", R"({"topic":"test"})").body, R"({"code":0,"result":[]})");
  EXPECT_EQ(refused(Method::Put, "clients/c2/clean_acl_cache", R"({"topic":"test"})"), std::pair(404U, 112));
  EXPECT_EQ(refused(Method::Put, "clients/c1/clean_acl_cache", "topic"), std::pair(400U, 109));
  EXPECT_EQ(refused(Method::Put, "clients/c1/clean_acl_cache", "{}"), std::pair(400U, 107));
  EXPECT_EQ(refused(Method::Put, "clients/c1/clean_acl_cache", "[]"), std::pair(400U, 107));
  EXPECT_EQ(refused(Method::Put, "clients/c1/clean_acl_cache", R"({"topic":1})"), std::pair(400U, 108));
}

TEST_F(HandlersTest, ShowsOneRoute) {
  live_.join("c1").subscribe("/World");
  const Json expected = Json::parse(R"({"objects":[{"topic":"/World","node":"node@test"}]})");
  EXPECT_EQ(get("routes//World"), expected);
  EXPECT_EQ(get("routes/%2FWorld"), expected);
  EXPECT_TRUE(get("routes/World")["objects"].empty());
}

TEST_F(HandlersTest, TopicsAreTheServersAndTheSubscribed) {
  live_.join("c1").subscribe("t/+");
  EXPECT_EQ(get("topics/$SYS/brokers"), Json::parse(R"({"objects":[{"topic":"$SYS/brokers","flags":["static"]}]})"));
  EXPECT_EQ(get("topics/t/%2B"), Json::parse(R"({"objects":[{"topic":"t/+","flags":[]}]})"));
  EXPECT_TRUE(get("topics/t")["objects"].empty());
  const Json all = get("topics")["objects"];
  EXPECT_EQ(all.back()["topic"], "t/+");
  EXPECT_EQ(all.front()["topic"], "$SYS/brokers");
}

TEST_F(HandlersTest, Listeners) {
  live_.listeners = {{"mqtt:tcp", "0.0.0.0:1883", 16, 102400, 3, {}},
                     {"mqtt:ssl", "8883", 16, 1024, 0, {{"tls_error", 2}}}};
  const Json expected = Json::parse(R"([
    {"protocol":"mqtt:tcp","listen":"0.0.0.0:1883","acceptors":16,"max_clients":102400,"current_clients":3,
     "shutdown_count":[]},
    {"protocol":"mqtt:ssl","listen":"8883","acceptors":16,"max_clients":1024,"current_clients":0,
     "shutdown_count":{"tls_error":2}}])");
  EXPECT_EQ(get("monitoring/listeners/node@test"), expected);
  EXPECT_EQ(get("monitoring/listeners")["node@test"], expected);
}

TEST_F(HandlersTest, ActiveAlarms) {
  on_shard(live_.shard(0),
           [&] { live_.core().hooks.alarm_raised.run(hooks::Alarm{"a", "warning", "title", "summary"}); });
  const Json alarms = get("nodes/node@test/alarms");
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_THAT(keys(alarms[0]), ElementsAre("id", "severity", "title", "summary", "occurred_at"));
}

TEST_F(HandlersTest, ReloadsTheRules) {
  EXPECT_EQ(call(Method::Put, "acl/reload").body, R"({"code":0,"result":[]})");
  live_.acl_problem = "etc/acl.conf:3: what is this";
  const ApiResponse answer = call(Method::Put, "acl/reload");
  EXPECT_EQ(answer.status, 422U);
  EXPECT_EQ(Json::parse(answer.body)["message"], "etc/acl.conf:3: what is this");
}

}  // namespace
}  // namespace sluice::management

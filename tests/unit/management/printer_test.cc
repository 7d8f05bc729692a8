// SPDX-License-Identifier: Apache-2.0
// The texts of the manual's chapter 11.
#include "broker/management/cli/printer.h"

#include <gtest/gtest.h>

namespace sluice::ctl {
namespace {

const Json kNode{{"name", "sluice@127.0.0.1"},
                 {"version", "0.1.0"},
                 {"sysdescr", "Sluice MQTT Broker"},
                 {"uptime", "25 seconds"},
                 {"datetime", "2016-10-18 10:42:10"}};

TEST(Printer, Status) {
  EXPECT_EQ(status_text(kNode), "Node 'sluice@127.0.0.1' is started\nsluice 0.1.0 is running\n");
}

TEST(Printer, Broker) {
  EXPECT_EQ(broker_text(kNode),
            "sysdescr  : Sluice MQTT Broker\n"
            "version   : 0.1.0\n"
            "uptime    : 25 seconds\n"
            "datetime  : 2016-10-18 10:42:10\n");
}

TEST(Printer, Figures) {
  EXPECT_EQ(figures_text({{"clients/count", 1}, {"subscriptions/count", 12}}, 20),
            "clients/count       : 1\n"
            "subscriptions/count : 12\n");
  EXPECT_EQ(figures_text({{"bytes/received", 297}, {"packets/publish/received", 0}}, 24),
            "bytes/received          : 297\n"
            "packets/publish/received: 0\n");
}

TEST(Printer, Client) {
  EXPECT_EQ(client_text({{"client_id", "mosqsub/43832-airlee.lo"},
                         {"clean_sess", true},
                         {"username", "test"},
                         {"peername", "127.0.0.1:64896"},
                         {"connected_ts", 1452929113}}),
            "Client(mosqsub/43832-airlee.lo, clean_sess=true, username=test, peername=127.0.0.1:64896, "
            "connected_at=1452929113)\n");
}

TEST(Printer, Session) {
  EXPECT_EQ(session_text({{"client_id", "clientid"},
                          {"clean_sess", false},
                          {"max_inflight", 100},
                          {"inflight_len", 0},
                          {"mqueue_len", 1},
                          {"mqueue_dropped", 2},
                          {"awaiting_rel_len", 3},
                          {"awaiting_ack", 4},
                          {"awaiting_comp", 5},
                          {"created_ts", 1452935508}}),
            "Session(clientid, clean_sess=false, max_inflight=100, inflight_queue=0, message_queue=1, "
            "message_dropped=2, awaiting_rel=3, awaiting_ack=4, awaiting_comp=5, created_at=1452935508)\n");
}

TEST(Printer, Subscription) {
  EXPECT_EQ(subscription_text({{"client_id", "mosqsub/90475-airlee.lo"}, {"topic", "t/+/x"}, {"qos", 2}}),
            "mosqsub/90475-airlee.lo -> t/+/x:2\n");
}

TEST(Printer, Route) {
  EXPECT_EQ(route_text({{"topic", "t2/#"}, {"node", "emqttd2@127.0.0.1"}}), "t2/# -> emqttd2@127.0.0.1\n");
}

TEST(Printer, Topic) {
  EXPECT_EQ(topic_text({{"topic", "$SYS/brokers"}, {"flags", {"static"}}}), "$SYS/brokers: static\n");
  EXPECT_EQ(topic_text({{"topic", "t/y"}, {"flags", Json::array()}}), "t/y: \n");
}

TEST(Printer, Listener) {
  Json listener{{"protocol", "mqtt:api"}, {"listen", "127.0.0.1:8080"}, {"acceptors", 4},
                {"max_clients", 64},      {"current_clients", 0},       {"shutdown_count", Json::array()}};
  EXPECT_EQ(listener_text(listener),
            "listener on mqtt:api:127.0.0.1:8080\n"
            "  acceptors       : 4\n"
            "  max_clients     : 64\n"
            "  current_clients : 0\n"
            "  shutdown_count  : []\n");
  listener["shutdown_count"] = {{"tls_error", 2}, {"max_clients", 1}};
  EXPECT_TRUE(listener_text(listener).ends_with("  shutdown_count  : [{tls_error,2},{max_clients,1}]\n"));
}

TEST(Printer, Storage) {
  const Json storage{
      {"type", "disc"},
      {"sync", "always"},
      {"folder", "/d/storage"},
      {"health", "good"},
      {"disk_bytes", 1023},
      {"disk_limit", 1536},
      {"memory_bytes", 10 * 1024 * 1024},
      {"memory_limit", 256 * 1024 * 1024},
      {"batches", 7},
      {"backlog_bytes", 0},
      {"log_bytes_written", 1},
      {"flush_bytes_written", 2},
      {"compact_bytes_written", 3},
      {"restoring",
       {{"phase", "queues"}, {"sessions", 1}, {"of", 2}, {"queued_messages", 3}, {"retained_messages", 4}}},
      {"last_job", {{"job", 1}, {"kind", "compact"}, {"running", true}, {"milliseconds", 9}}}};
  EXPECT_EQ(storage_text(storage),
            "type      : disc\n"
            "sync      : always\n"
            "folder    : /d/storage\n"
            "health    : good\n"
            "disk      : 1023 B of at most 1.5 KB\n"
            "memory    : 10.0 MB of at most 256.0 MB\n"
            "batches   : 7\n"
            "backlog   : 0 B\n"
            "written   : log 1 B, flush 2 B, compaction 3 B\n"
            "restoring : queues: 1 of 2 sessions, 3 queued messages, 4 retained messages\n"
            "last job  : compact: runs for 9 ms\n");
}

TEST(Printer, WhatClientsChoseCannotDriveTheTerminal) {
  EXPECT_EQ(printable("\x1B[2J\n\x7F"), "\\x1b[2J\\x0a\\x7f");
  EXPECT_EQ(printable("\xC2\x9B\x32J"), "\\x9b2J");
  EXPECT_EQ(printable("\xE6\xB8\xA9/\xC2\xB0"), "\xE6\xB8\xA9/\xC2\xB0") << "other letters stay";
  EXPECT_EQ(route_text({{"topic", "a\tb"}, {"node", "n"}}), "a\\x09b -> n\n");
}

}  // namespace
}  // namespace sluice::ctl

// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/runner.h"

#include <filesystem>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/management/cli/printer.h"

namespace sluice::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Answers requests from a table and remembers them.
class FakeApi final : public Api {
 public:
  Explained<ApiAnswer> request(std::string_view method, std::string_view path, std::string_view body) override {
    std::string what = std::string(method).append(" ").append(path);
    if (!body.empty()) what.append(" ").append(body);
    requests.push_back(what);
    if (!reachable) return std::string("no server answers at /s: Connection refused");
    const auto found = answers.find(what);
    if (found == answers.end()) return ApiAnswer{404, R"({"code":102,"message":"no such path"})"};
    return ApiAnswer{200, found->second};
  }

  bool reachable = true;
  std::map<std::string, std::string> answers;
  std::vector<std::string> requests;
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() {
    answer("GET management/nodes", R"([{"name":"n@h","version":"1","sysdescr":"d","uptime":"u","datetime":"t"}])");
  }
  void answer(const std::string& request, const std::string& result) {
    api_.answers[request] = R"({"code":0,"result":)" + result + "}";
  }
  int run(Action action, const std::string& argument = "", bool json = false) {
    return run_command({.action = action, .argument = argument, .socket = {}, .json = json}, api_, out_, err_);
  }

  FakeApi api_;
  std::ostringstream out_;
  std::ostringstream err_;
};

const std::string kWalk = "?details=true&page_size=1000&cursor=";

TEST_F(RunnerTest, Status) {
  EXPECT_EQ(run(Action::Status), kOk);
  EXPECT_EQ(out_.str(), "Node 'n@h' is started\nsluice 1 is running\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(RunnerTest, UnreachableIsThree) {
  api_.reachable = false;
  EXPECT_EQ(run(Action::Status), kUnreachable);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "sluicectl: no server answers at /s: Connection refused\n");
}

TEST_F(RunnerTest, SomethingElseThatAnswersIsNoServer) {
  api_.answers["GET management/nodes"] = "<html>";
  EXPECT_EQ(run(Action::Status), kUnreachable);
}

TEST_F(RunnerTest, AnAnswerOfAnotherVersionIsRefused) {
  answer("GET management/nodes", R"([{"name":1}])");
  EXPECT_EQ(run(Action::Status), kRefused);
  EXPECT_THAT(err_.str(), HasSubstr("another version"));
}

TEST_F(RunnerTest, FiguresOfThisNode) {
  answer("GET monitoring/stats/n%40h", R"({"clients/count":1})");
  EXPECT_EQ(run(Action::BrokerStats), kOk);
  EXPECT_EQ(out_.str(), "clients/count       : 1\n");
}

TEST_F(RunnerTest, ListsFollowTheCursor) {
  answer("GET routes" + kWalk, R"({"objects":[{"topic":"a","node":"n@h"}],"cursor":"7"})");
  answer("GET routes" + kWalk + "7", R"({"objects":[{"topic":"b","node":"n@h"}]})");
  EXPECT_EQ(run(Action::RoutesList), kOk);
  EXPECT_EQ(out_.str(), "a -> n@h\nb -> n@h\n");
}

TEST_F(RunnerTest, ListsAsJsonAreOneList) {
  answer("GET routes" + kWalk, R"({"objects":[{"topic":"a","node":"n@h"}],"cursor":"7"})");
  answer("GET routes" + kWalk + "7", R"({"objects":[{"topic":"b","node":"n@h"}]})");
  EXPECT_EQ(run(Action::RoutesList, "", true), kOk);
  EXPECT_EQ(Json::parse(out_.str()), Json::parse(R"([{"topic":"a","node":"n@h"},{"topic":"b","node":"n@h"}])"));
}

TEST_F(RunnerTest, EmptyLists) {
  answer("GET topics" + kWalk, R"({"objects":[]})");
  EXPECT_EQ(run(Action::TopicsList), kOk);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(run(Action::TopicsList, "", true), kOk);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(RunnerTest, SessionsOfOneKind) {
  const auto session = [](const std::string& id, bool clean) {
    return R"({"client_id":")" + id + R"(","clean_sess":)" + (clean ? "true" : "false") +
           R"(,"max_inflight":32,"inflight_len":0,"mqueue_len":0,"mqueue_dropped":0,"awaiting_rel_len":0,)" +
           R"("awaiting_ack":0,"awaiting_comp":0,"created_ts":1})";
  };
  answer("GET nodes/n%40h/sessions" + kWalk,
         R"({"objects":[)" + session("keep", false) + "," + session("gone", true) + "]}");
  EXPECT_EQ(run(Action::SessionsList, "persistent"), kOk);
  EXPECT_THAT(out_.str(), ::testing::StartsWith("Session(keep, clean_sess=false, "));
  EXPECT_EQ(out_.str().find("gone"), std::string::npos);
  out_.str("");
  EXPECT_EQ(run(Action::SessionsList, "transient"), kOk);
  EXPECT_THAT(out_.str(), ::testing::StartsWith("Session(gone, clean_sess=true, "));
}

TEST_F(RunnerTest, ObjectsAreEncodedInThePath) {
  answer("GET subscriptions/a%2F%2B%23%20b" + kWalk, R"({"objects":[{"client_id":"a/+# b","topic":"t","qos":1}]})");
  EXPECT_EQ(run(Action::SubscriptionsShow, "a/+# b"), kOk);
  EXPECT_EQ(out_.str(), "a/+# b -> t:1\n");
}

TEST_F(RunnerTest, WhatDoesNotExistIsRefused) {
  answer("GET clients/c1" + kWalk, R"({"objects":[]})");
  EXPECT_EQ(run(Action::ClientsShow, "c1"), kRefused);
  EXPECT_EQ(out_.str(), "Not Found.\n");
  out_.str("");
  EXPECT_EQ(run(Action::ClientsShow, "c1", true), kRefused);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(RunnerTest, Orders) {
  answer("DELETE clients/c1", "[]");
  EXPECT_EQ(run(Action::ClientsKick, "c1"), kOk);
  EXPECT_EQ(out_.str(), "") << "as in the manual";
  answer("PUT acl/reload", "[]");
  EXPECT_EQ(run(Action::AclReload), kOk);
  EXPECT_EQ(out_.str(), "ok\n");
  EXPECT_THAT(api_.requests, ElementsAre("DELETE clients/c1", "PUT acl/reload"));
}

TEST_F(RunnerTest, RefusedOrdersSayWhy) {
  api_.answers["PUT acl/reload"] = R"({"code":102,"message":"etc/acl.conf:3: what is this"})";
  EXPECT_EQ(run(Action::AclReload), kRefused);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "sluicectl: etc/acl.conf:3: what is this\n");
}

TEST_F(RunnerTest, LongWorkIsLookedAfterUntilItIsDone) {
  answer(R"(PUT storage/backup {"folder":"/b"})",
         R"({"job":3,"kind":"backup","folder":"/b","running":true,"milliseconds":0})");
  answer("GET storage/jobs/3", R"({"job":3,"kind":"backup","folder":"/b","running":false,"milliseconds":12})");
  EXPECT_EQ(run(Action::StorageBackup, "/x/../b"), kOk) << err_.str();
  EXPECT_EQ(out_.str(), "backup in /b: done in 12 ms\n");
}

TEST_F(RunnerTest, LongWorkThatFailsIsRefused) {
  answer("PUT storage/compact", R"({"job":1,"kind":"compact","running":true,"milliseconds":0})");
  answer("GET storage/jobs/1",
         R"({"job":1,"kind":"compact","running":false,"milliseconds":5,"failure":"/s: no space left on device"})");
  EXPECT_EQ(run(Action::StorageCompact), kRefused);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "sluicectl: /s: no space left on device\n");
}

TEST_F(RunnerTest, ABackupsFolderIsSeenFromHere) {
  EXPECT_EQ(run(Action::StorageBackup, "b"), kRefused);
  EXPECT_THAT(api_.requests, ElementsAre("PUT storage/backup {\"folder\":\"" +
                                         (std::filesystem::current_path() / "b").string() + "\"}"));
}

TEST_F(RunnerTest, StorageStatus) {
  answer("GET storage", R"({"type":"ram"})");
  EXPECT_EQ(run(Action::StorageStatus), kOk);
  EXPECT_EQ(out_.str(), "type      : ram: nothing is kept on disk\n");
}

TEST_F(RunnerTest, Listeners) {
  answer("GET monitoring/listeners/n%40h",
         R"([{"protocol":"mqtt:tcp","listen":"1883","acceptors":16,"max_clients":5,"current_clients":2,)"
         R"("shutdown_count":[]}])");
  EXPECT_EQ(run(Action::Listeners), kOk);
  EXPECT_THAT(out_.str(), ::testing::StartsWith("listener on mqtt:tcp:1883\n  acceptors       : 16\n"));
}

}  // namespace
}  // namespace sluice::ctl

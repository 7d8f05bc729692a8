// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "broker/management/handlers/handlers.h"
#include "tests/unit/management/live_core.h"

namespace sluice::management {

/// The API over a live core; the test's thread plays the management thread.
class ApiTest : public ::testing::Test {
 protected:
  using Json = nlohmann::ordered_json;

  ApiTest() { add_all_paths(router_, services_); }
  ~ApiTest() override {
    live_.stop();
    alarms_.reset();
    events_.reset();
  }

  ApiResponse call(Method method, std::string_view path, std::string_view body = "") {
    return router_.handle(method, std::string("/api/v2/").append(path), body);
  }
  /// The `result` of a GET that must succeed.
  Json get(std::string_view path) {
    const ApiResponse answer = call(Method::Get, path);
    EXPECT_EQ(answer.status, 200U) << path << ": " << answer.body;
    const Json json = Json::parse(answer.body);
    EXPECT_EQ(json.value("code", -1), 0) << answer.body;
    return json.value("result", Json());
  }
  /// Status and code of an error.
  std::pair<unsigned, int> refused(Method method, std::string_view path, std::string_view body = "") {
    const ApiResponse answer = call(method, path, body);
    return {answer.status, Json::parse(answer.body).value("code", -1)};
  }
  static std::vector<std::string> keys(const Json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
  }

  LiveCore live_;
  ManagementDeps deps_ = live_.deps();
  Stats stats_{live_.core()};
  SysTopics sys_topics_{{deps_.node, deps_.version}, [](const std::vector<MessagePtr>&) {}};
  std::unique_ptr<EventPublisher> events_ = std::make_unique<EventPublisher>(live_.sessions(), deps_.node);
  std::unique_ptr<Alarms> alarms_ = std::make_unique<Alarms>(*events_);
  StorageJobs storage_jobs_{nullptr};
  Services services_{
      deps_, live_.core(), stats_, sys_topics_, *alarms_, storage_jobs_, Clock::now() - std::chrono::seconds(25)};
  RestRouter router_;
};

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#include "shared/log/log.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <syslog.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sluice::log {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class LogTest : public testing::Test {
 protected:
  LogTest() { settings_.console = "off"; }
  ~LogTest() override {
    Settings nothing;
    nothing.console = "off";
    configure(nothing);
  }
  std::string file(const char* name) const { return (folder_.path() / name).string(); }

  test::TempDir folder_;
  Settings settings_;
};

TEST_F(LogTest, EveryFileTakesItsLevelAndAbove) {
  settings_.info_file = file("info.log");
  settings_.error_file = file("error.log");
  configure(settings_);
  get("mqtt").debug("line one");
  get("mqtt").info("line two: client_id={}", "c1");
  get("session").error("line three");
  flush();
  EXPECT_THAT(
      content(settings_.info_file),
      AllOf(Not(HasSubstr("line one")), HasSubstr("info [mqtt] line two: client_id=c1"), HasSubstr("line three")));
  EXPECT_THAT(content(settings_.error_file),
              AllOf(Not(HasSubstr("line two")), HasSubstr("error [session] line three")));
}

TEST_F(LogTest, LoggersMadeBeforeUseTheNewSinks) {
  auto& early = get("early");
  settings_.console = "file";
  settings_.console_file = file("console.log");
  settings_.console_level = "debug";
  configure(settings_);
  early.debug("hello");
  flush();
  EXPECT_THAT(content(settings_.console_file), HasSubstr("debug [early] hello"));
}

TEST_F(LogTest, TheSameNameIsTheSameLogger) {
  EXPECT_EQ(&get("mqtt"), &get("mqtt"));
  EXPECT_NE(&get("mqtt"), &get("net"));
}

TEST_F(LogTest, WhatNoSinkWantsIsNotFormatted) {
  settings_.error_file = file("error.log");
  configure(settings_);
  EXPECT_FALSE(get("mqtt").should_log(spdlog::level::info));
  EXPECT_TRUE(get("mqtt").should_log(spdlog::level::err));
}

TEST_F(LogTest, FilesAreRotated) {
  settings_.error_file = file("error.log");
  settings_.error_size = 1024;
  settings_.error_count = 2;
  configure(settings_);
  for (int i = 0; i < 100; ++i) get("mqtt").error("a line that is about fifty bytes long, number {}", i);
  flush();
  EXPECT_TRUE(std::filesystem::exists(file("error.1.log")));
  EXPECT_TRUE(std::filesystem::exists(file("error.2.log")));
  EXPECT_FALSE(std::filesystem::exists(file("error.3.log")));
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsNamedWithItsKey) {
  settings_.error_file = "/proc/nonexistent/error.log";
  try {
    configure(settings_);
    FAIL() << "opened " << settings_.error_file;
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("log.error.file = /proc/nonexistent/error.log: cannot be opened"));
  }
}

TEST(LogNamesTest, LevelsOfTheManual) {
  EXPECT_EQ(level_of("debug"), spdlog::level::debug);
  EXPECT_EQ(level_of("notice"), spdlog::level::info);
  EXPECT_EQ(level_of("warning"), spdlog::level::warn);
  EXPECT_EQ(level_of("error"), spdlog::level::err);
  EXPECT_EQ(level_of("emergency"), spdlog::level::critical);
  EXPECT_EQ(level_of("none"), spdlog::level::off);
}

TEST(LogNamesTest, FacilitiesOfSyslog) {
  EXPECT_EQ(facility_of("daemon"), LOG_DAEMON);
  EXPECT_EQ(facility_of("local0"), LOG_LOCAL0);
  EXPECT_EQ(facility_of("local7"), LOG_LOCAL7);
  EXPECT_EQ(facility_of("local8"), LOG_LOCAL0);
}

TEST(RateLimitTest, LetsSomeThroughEverySecondAndCountsTheRest) {
  RateLimit limit(2);
  EXPECT_EQ(limit.admit(10), 0);
  EXPECT_EQ(limit.admit(10), 0);
  EXPECT_EQ(limit.admit(10), -1);
  EXPECT_EQ(limit.admit(10), -1);
  EXPECT_EQ(limit.admit(11), 2);
  EXPECT_EQ(limit.admit(11), 0);
  EXPECT_EQ(limit.admit(11), -1);
  EXPECT_EQ(limit.admit(12), 1);
}

}  // namespace
}  // namespace sluice::log

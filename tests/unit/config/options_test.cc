// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::variant<Options, ExitNow> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sluice");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OptionsTest, WithoutArgumentsItRunsWithTheDefaultFile) {
  const auto options = std::get<Options>(parse({}));
  EXPECT_EQ(options.action, Options::Action::Run);
  EXPECT_EQ(options.file, "etc/sluice.conf");
  EXPECT_THAT(options.overrides, IsEmpty());
}

TEST(OptionsTest, OverridesInOrderAsTheyAreWritten) {
  const auto options = std::get<Options>(parse({"-o", "a.b=c=d", "-c", "x/etc/y.conf", "-o",
                                                "listener.tcp.external=off", "-o", "a.c=1,2", "-o", "a.d=[::1]:1883"}));
  EXPECT_EQ(options.file, "x/etc/y.conf");
  EXPECT_THAT(options.overrides, ElementsAre("a.b=c=d", "listener.tcp.external=off", "a.c=1,2", "a.d=[::1]:1883"));
}

TEST(OptionsTest, Actions) {
  EXPECT_EQ(std::get<Options>(parse({"--check"})).action, Options::Action::Check);
  EXPECT_EQ(std::get<Options>(parse({"--check-storage"})).action, Options::Action::CheckStorage);
  EXPECT_EQ(std::get<Options>(parse({"--version"})).action, Options::Action::ShowVersion);
  EXPECT_EQ(std::get<Options>(parse({"--doc"})).action, Options::Action::ShowReference);
}

TEST(OptionsTest, AFolderToCheck) {
  const auto named = std::get<Options>(parse({"--check-storage", "/b", "-c", "x.conf"}));
  EXPECT_EQ(named.action, Options::Action::CheckStorage);
  EXPECT_EQ(named.storage_folder, "/b");
  EXPECT_EQ(named.file, "x.conf");
  const auto unnamed = std::get<Options>(parse({"--check-storage", "-c", "x.conf", "-o", "a.b=1"}));
  EXPECT_EQ(unnamed.action, Options::Action::CheckStorage);
  EXPECT_TRUE(unnamed.storage_folder.empty());
  EXPECT_EQ(unnamed.file, "x.conf");
}

TEST(OptionsTest, HelpGoesToStandardOutputAndEndsWell) {
  const auto end = std::get<ExitNow>(parse({"--help"}));
  EXPECT_EQ(end.status, 0);
  EXPECT_THAT(end.out, HasSubstr("--check"));
  EXPECT_THAT(end.err, IsEmpty());
}

TEST(OptionsTest, WrongCommandLinesEndWithTwo) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{{"--nonsense"},
                                                                     {"stray"},
                                                                     {"-o"},
                                                                     {"-c"},
                                                                     {"--check", "--version"},
                                                                     {"--check", "--check-storage"},
                                                                     {"-o", "a.b=1", "stray"}}) {
    const auto result = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<ExitNow>(result)) << arguments.front();
    EXPECT_EQ(std::get<ExitNow>(result).status, 2);
    EXPECT_THAT(std::get<ExitNow>(result).err, testing::Not(IsEmpty()));
  }
}

}  // namespace
}  // namespace sluice::app

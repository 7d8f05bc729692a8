// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/command.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::ctl {
namespace {

std::variant<Command, ExitNow> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sluicectl");
  return parse_command(static_cast<int>(arguments.size()), arguments.data());
}

Command command(std::vector<const char*> arguments) {
  const auto parsed = parse(std::move(arguments));
  if (const auto* exit = std::get_if<ExitNow>(&parsed)) {
    ADD_FAILURE() << exit->err;
    return {};
  }
  return std::get<Command>(parsed);
}

int exit_status(std::vector<const char*> arguments) {
  const auto parsed = parse(std::move(arguments));
  const auto* exit = std::get_if<ExitNow>(&parsed);
  return exit == nullptr ? -1 : exit->status;
}

TEST(ParseCommand, KnowsEveryCommand) {
  const std::vector<std::pair<std::vector<const char*>, Action>> all{
      {{"status"}, Action::Status},
      {{"broker"}, Action::Broker},
      {{"broker", "stats"}, Action::BrokerStats},
      {{"broker", "metrics"}, Action::BrokerMetrics},
      {{"clients", "list"}, Action::ClientsList},
      {{"sessions", "list"}, Action::SessionsList},
      {{"subscriptions", "list"}, Action::SubscriptionsList},
      {{"routes", "list"}, Action::RoutesList},
      {{"topics", "list"}, Action::TopicsList},
      {{"listeners"}, Action::Listeners},
      {{"acl", "reload"}, Action::AclReload},
      {{"storage", "status"}, Action::StorageStatus},
      {{"storage", "compact"}, Action::StorageCompact}};
  for (const auto& [arguments, action] : all) {
    EXPECT_EQ(command(arguments).action, action) << arguments.back();
    EXPECT_EQ(command(arguments).argument, "");
  }
}

TEST(ParseCommand, TakesTheObject) {
  const std::vector<std::pair<std::vector<const char*>, Action>> all{
      {{"clients", "show", "c/1"}, Action::ClientsShow},
      {{"clients", "kick", "c/1"}, Action::ClientsKick},
      {{"sessions", "show", "c/1"}, Action::SessionsShow},
      {{"subscriptions", "show", "c/1"}, Action::SubscriptionsShow},
      {{"routes", "show", "c/1"}, Action::RoutesShow},
      {{"topics", "show", "c/1"}, Action::TopicsShow},
      {{"storage", "backup", "c/1"}, Action::StorageBackup}};
  for (const auto& [arguments, action] : all) {
    EXPECT_EQ(command(arguments).action, action) << arguments[0];
    EXPECT_EQ(command(arguments).argument, "c/1") << arguments[0];
  }
}

TEST(ParseCommand, SessionsOfOneKind) {
  EXPECT_EQ(command({"sessions", "list", "persistent"}).argument, "persistent");
  EXPECT_EQ(command({"sessions", "list", "transient"}).argument, "transient");
  EXPECT_EQ(exit_status({"sessions", "list", "other"}), kUsage);
}

TEST(ParseCommand, OptionsStandBeforeOrBehind) {
  const Command before = command({"--json", "--socket", "/s", "clients", "list"});
  EXPECT_TRUE(before.json);
  EXPECT_EQ(before.socket, "/s");
  EXPECT_EQ(before.action, Action::ClientsList);
  const Command behind = command({"clients", "list", "--json", "--socket=/s"});
  EXPECT_TRUE(behind.json);
  EXPECT_EQ(behind.socket, "/s");
  EXPECT_FALSE(command({"status"}).json);
}

TEST(ParseCommand, WrongUseIsTwo) {
  EXPECT_EQ(exit_status({}), kUsage);
  EXPECT_EQ(exit_status({"nonsense"}), kUsage);
  EXPECT_EQ(exit_status({"clients"}), kUsage);
  EXPECT_EQ(exit_status({"clients", "nonsense"}), kUsage);
  EXPECT_EQ(exit_status({"clients", "show"}), kUsage);
  EXPECT_EQ(exit_status({"clients", "show", "a", "b"}), kUsage);
  EXPECT_EQ(exit_status({"storage", "backup"}), kUsage);
  EXPECT_EQ(exit_status({"status", "--nonsense"}), kUsage);
}

std::string complaint(std::vector<const char*> arguments) {
  const auto parsed = parse(std::move(arguments));
  const auto* exit = std::get_if<ExitNow>(&parsed);
  return exit == nullptr ? "" : exit->err;
}

TEST(ParseCommand, AnUnknownCommandIsNamedWithThoseThatAreKnown) {
  EXPECT_EQ(
      complaint({"--json", "nonsense", "list"}),
      "sluicectl: unknown command 'nonsense'; known are status, broker, clients, sessions, subscriptions, routes, "
      "topics, listeners, acl, storage. sluicectl --help says what they do\n");
  EXPECT_EQ(
      complaint({"clients", "nonsense", "a"}),
      "sluicectl: unknown command 'clients nonsense'; known are clients list, clients show, clients kick. sluicectl "
      "--help says what they do\n");
  EXPECT_EQ(complaint({"clients"}).find("unknown command"), std::string::npos);
}

TEST(ParseCommand, HelpAndVersionAreFine) {
  EXPECT_EQ(exit_status({"help"}), kOk);
  EXPECT_EQ(exit_status({"--help"}), kOk);
  EXPECT_EQ(exit_status({"clients", "--help"}), kOk);
  const auto version = parse({"--version"});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(version));
  EXPECT_EQ(std::get<ExitNow>(version).out, "sluicectl " SLUICE_VERSION "\n");
}

}  // namespace
}  // namespace sluice::ctl

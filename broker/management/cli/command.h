// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace sluice::ctl {

/// How sluicectl ends.
enum ExitStatus : int { kOk = 0, kRefused = 1, kUsage = 2, kUnreachable = 3 };

enum class Action : std::uint8_t {
  Status,
  Broker,
  BrokerStats,
  BrokerMetrics,
  ClientsList,
  ClientsShow,
  ClientsKick,
  SessionsList,
  SessionsShow,
  SubscriptionsList,
  SubscriptionsShow,
  RoutesList,
  RoutesShow,
  TopicsList,
  TopicsShow,
  Listeners,
  AclReload,
  StorageStatus,
  StorageCompact,
  StorageBackup,
};

/// What the command line asks for.
struct Command {
  Action action = Action::Status;
  std::string
      argument;        ///< client id, topic, or a backup's folder; of `sessions list`: "", "persistent" or "transient"
  std::string socket;  ///< of --socket; empty: to be found
  bool json = false;
};

/// The process ends at once: after --help, or because the command line is wrong.
struct ExitNow {
  int status = 0;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error
};

std::variant<Command, ExitNow> parse_command(int argc, const char* const* argv);

}  // namespace sluice::ctl

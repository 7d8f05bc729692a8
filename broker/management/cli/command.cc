// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/command.h"

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace sluice::ctl {
namespace {

class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "sluicectl " SLUICE_VERSION);
    app_.add_option("--socket", command_.socket,
                    "The server's socket; otherwise SLUICE_SOCKET, or sluice.sock in the data folder");
    app_.add_flag("--json", command_.json, "Print JSON");

    leaf(app_, "status", "Is the server running", Action::Status);
    CLI::App* const broker = leaf(app_, "broker", "Version, uptime and description", Action::Broker);
    broker->require_subcommand(0, 1);
    leaf(*broker, "stats", "Numbers of clients, sessions, topics, …", Action::BrokerStats);
    leaf(*broker, "metrics", "Counters of bytes, packets and messages", Action::BrokerMetrics);

    CLI::App* const clients = group("clients", "Connected clients");
    leaf(*clients, "list", "All of them", Action::ClientsList);
    with_argument(leaf(*clients, "show", "One of them", Action::ClientsShow), "ClientId");
    with_argument(leaf(*clients, "kick", "Disconnect one of them", Action::ClientsKick), "ClientId");

    CLI::App* const sessions = group("sessions", "Sessions of clients, connected or not");
    leaf(*sessions, "list", "All of them, or one kind", Action::SessionsList)
        ->add_option("kind", command_.argument)
        ->check(CLI::IsMember({"persistent", "transient"}));
    with_argument(leaf(*sessions, "show", "One of them", Action::SessionsShow), "ClientId");

    CLI::App* const subscriptions = group("subscriptions", "Subscriptions of clients");
    leaf(*subscriptions, "list", "All of them", Action::SubscriptionsList);
    with_argument(leaf(*subscriptions, "show", "Those of one client", Action::SubscriptionsShow), "ClientId");

    CLI::App* const routes = group("routes", "Filters, and the nodes that have subscribers to them");
    leaf(*routes, "list", "All of them", Action::RoutesList);
    with_argument(leaf(*routes, "show", "One of them", Action::RoutesShow), "Topic");

    CLI::App* const topics = group("topics", "The topic table");
    leaf(*topics, "list", "All topics", Action::TopicsList);
    with_argument(leaf(*topics, "show", "One of them", Action::TopicsShow), "Topic");

    leaf(app_, "listeners", "What the server listens on", Action::Listeners);
    leaf(*group("acl", "Rules of access"), "reload", "Read acl.conf again", Action::AclReload);

    CLI::App* const storage = group("storage", "What is kept on disk");
    leaf(*storage, "status", "Size, health and figures", Action::StorageStatus);
    leaf(*storage, "compact", "Give back the space of what was erased", Action::StorageCompact);
    with_argument(leaf(*storage, "backup", "A consistent copy, while the server runs", Action::StorageBackup), "Folder",
                  "A folder that does not exist yet; a server can be started on it");
  }

  std::variant<Command, ExitNow> parse(int argc, const char* const* argv) {
    if (argc == 2 && std::string_view(argv[1]) == "help") return ExitNow{kOk, app_.help(), {}};
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const bool wrong = error.get_exit_code() != 0;
      if (const std::string unknown = unknown_command(); wrong && !unknown.empty()) return ExitNow{kUsage, {}, unknown};
      std::ostringstream out;
      std::ostringstream err;
      const bool asked_for = app_.exit(error, out, err) == 0;
      return ExitNow{asked_for ? kOk : kUsage, out.str(), err.str()};
    }
    command_.action = actions_.at(chosen());
    return command_;
  }

 private:
  /// The innermost command that was understood.
  [[nodiscard]] const CLI::App* chosen() const {
    const CLI::App* at = &app_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return at;
  }

  /// What to say where a command was expected and another word stands; empty: that is not what is wrong.
  [[nodiscard]] std::string unknown_command() const {
    const CLI::App* const group = chosen();
    const std::vector<std::string> words = app_.remaining(true);
    if (group->get_require_subcommand_min() == 0 || words.empty() || words.front().starts_with('-')) return {};
    const std::string before = group == &app_ ? "" : group->get_name() + ' ';
    std::string known;
    for (const CLI::App* sub : group->get_subcommands([](const CLI::App*) { return true; })) {
      known += (known.empty() ? "" : ", ") + before + sub->get_name();
    }
    return fmt::format("sluicectl: unknown command '{}{}'; known are {}. sluicectl --help says what they do\n", before,
                       words.front(), known);
  }

  CLI::App* leaf(CLI::App& parent, const char* name, const char* text, Action action) {
    CLI::App* const sub = parent.add_subcommand(name, text);
    sub->fallthrough();
    actions_.emplace(sub, action);
    return sub;
  }
  CLI::App* group(const char* name, const char* text) {
    CLI::App* const sub = app_.add_subcommand(name, text);
    sub->fallthrough();
    sub->require_subcommand(1);
    return sub;
  }
  void with_argument(CLI::App* sub, const char* name, const char* text = "") {
    sub->add_option(name, command_.argument, text)->required();
  }

  CLI::App app_{"Asks a running sluice server, and tells it what to do.", "sluicectl"};
  Command command_;
  std::map<const CLI::App*, Action> actions_;
};

}  // namespace

std::variant<Command, ExitNow> parse_command(int argc, const char* const* argv) { return Parser().parse(argc, argv); }

}  // namespace sluice::ctl

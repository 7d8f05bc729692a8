// SPDX-License-Identifier: Apache-2.0
#include "broker/app/server.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "broker/app/config/folders.h"
#include "broker/app/console.h"
#include "broker/app/node_config.h"
#include "broker/app/storage_setup.h"
#include "broker/management/management_config.h"
#include "broker/management/socket_file.h"
#include "shared/config/pending.h"
#include "shared/log/log.h"

namespace sluice::app {
namespace {

constexpr std::chrono::milliseconds kDrainLimit{5000};
constexpr std::chrono::milliseconds kRestoreWait{1000};

void announce(const Edges& edges) {
  if (edges.bound().empty()) print_line("no listener is on: nobody can connect; see listener.tcp.<name>");
  std::string line = "sluice is running:";
  for (const Edges::Bound& bound : edges.bound()) {
    line += fmt::format(" {}={}", bound.name, bound.address.to_string());
  }
  print_line(fmt::format("{} pid={}", line, ::getpid()));
}

management::ManagementSettings management_settings(const Configuration& configuration) {
  return {.socket = configuration.paths().control_socket(),
          .sys_interval =
              std::chrono::duration_cast<std::chrono::seconds>(configuration.store().get(management::kSysInterval))};
}

void require_none(const std::vector<std::string>& problems) {
  if (!problems.empty()) throw std::runtime_error(fmt::format("{}", fmt::join(problems, "\n")));
}

/// Plug-ins come and go with a start.
void add_changed_plugins(const LoadedPlugins& running, const LoadedPlugins& fresh, std::vector<std::string>& lines) {
  const auto list = [&lines](const LoadedPlugins& from, const LoadedPlugins& other, std::string_view what) {
    for (const std::string& name : from.names) {
      if (!other.has(name)) lines.push_back(fmt::format("{}: the plug-in is {} with the next start", name, what));
    }
  };
  list(fresh, running, "loaded");
  list(running, fresh, "unloaded");
}

/// Where a notice has its key from may have moved by some lines.
std::string without_line_numbers(const std::string& notice) {
  static const std::regex number(":[0-9]+: ");
  return std::regex_replace(notice, number, ": ");
}

std::vector<std::string> new_notices(const std::vector<std::string>& before, const std::vector<std::string>& now) {
  std::set<std::string> known;
  for (const std::string& notice : before) known.insert(without_line_numbers(notice));
  std::vector<std::string> lines;
  std::ranges::copy_if(now, std::back_inserter(lines),
                       [&](const std::string& notice) { return !known.contains(without_line_numbers(notice)); });
  return lines;
}

/// What the reload does not bring into force.
std::vector<std::string> waiting_for_a_start(const Configuration& running, const Configuration& fresh) {
  std::vector<std::string> lines = pending_changes(running.store(), fresh.store());
  // No start of this version opens the REST API's listeners.
  std::erase_if(lines, [](const std::string& line) { return line.starts_with("listener.api."); });
  add_changed_plugins(running.plugins(), fresh.plugins(), lines);
  return lines;
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) print_line(line);
}

}  // namespace

Server::Server(const Options& options, const Configuration& configuration)
    : options_(options),
      configuration_(configuration),
      folders_(configuration.folders()),
      notices_(configuration.notices()),
      shards_(configuration.store().get(kShards)),
      storage_(open_storage(configuration)),
      core_(configuration, shards_, storage_.get(), [this](const std::string& why) { give_up(why); }),
      edges_(std::make_unique<Edges>(configuration, shards_, core_)),
      management_(std::make_unique<management::Management>(management_deps(), management_settings(configuration))) {}

void Server::start() {
  require_none(core_.load_files(configuration_));
  edges_->open(configuration_);
  core_.prepare();
  shards_.start();
  if (const std::string problem = management_->start(); !problem.empty()) {
    stop_core();
    throw std::runtime_error(problem);
  }
  core_.start();
  edges_->start();
  // Clients are served already; with a small store the line says that everything is there.
  core_.await_serving(kRestoreWait);
  announce(*edges_);
}

std::vector<std::string> Server::take_over(const Configuration& fresh) {
  std::vector<std::string> problems = core_.reconfigure(fresh);
  {
    const std::lock_guard guard(edges_mutex_);
    for (std::string& problem : edges_->reconfigure(fresh)) problems.push_back(std::move(problem));
  }
  management_->reconfigure(management_settings(fresh));
  shards_.run_on_all([](Shard&) {});  // what was posted to them has taken effect
  return problems;
}

void Server::reload() {
  try {
    reload_now();
  } catch (const std::exception& error) {
    log::get("app").error("not reloaded: {}", error.what());
  }
}

void Server::reload_now() {
  const Configuration fresh(options_, environ, &folders_);
  spdlog::logger& log = log::get("app");
  if (!fresh.problems().empty()) {
    for (const ConfigProblem& problem : fresh.problems()) {
      log.error("configuration not reloaded: {}", problem.to_string());
    }
    return;
  }
  const std::vector<std::string> problems = take_over(fresh);
  for (const std::string& problem : problems) log.error("not reloaded: {}", problem);
  print_lines(waiting_for_a_start(configuration_, fresh));
  print_lines(new_notices(notices_, fresh.notices()));
  folders_ = fresh.folders();
  notices_ = fresh.notices();
  if (problems.empty()) {
    log.info("configuration reloaded");
  } else {
    log.warn("configuration reloaded, but not what was named before");
  }
}

void Server::stop() {
  log::get("app").info("stopping");
  edges_->drain(kDrainLimit);
  management_->stop();
  stop_core();
  management_.reset();
  edges_.reset();  // connections go before the sessions that they hold
  for (std::size_t i = 0; i < shards_.size(); ++i) core_.sessions().destroy_all(shards_.at(i));
}

void Server::stop_core() {
  core_.stop();
  shards_.stop();
  if (storage_) storage_->stop();
}

void Server::give_up(const std::string& why) {
  failed_.store(true);
  log::get("app").critical("the store cannot be read, so the server ends: {}", why);
  print_line(fmt::format("sluice cannot go on: {}; sluice --check-storage tells what is damaged", why));
  ::kill(::getpid(), SIGTERM);
}

management::ManagementDeps Server::management_deps() {
  return {.shards = shards_,
          .sessions = core_.sessions(),
          .node = configuration_.store().get(kNodeName),
          .version = SLUICE_VERSION,
          .listeners = [this] { return listener_infos(); },
          .reload_acl = [this] { return core_.reload_acl(); }};
}

std::vector<management::ListenerInfo> Server::listener_infos() {
  const std::lock_guard guard(edges_mutex_);
  std::vector<management::ListenerInfo> all;
  for (const Edges::Bound& bound : edges_->bound()) {
    if (bound.listener != nullptr) {
      all.push_back(management::listener_info(*bound.listener));
    } else {
      all.push_back(management::datagram_listener_info(bound.name, bound.address));
    }
  }
  return all;
}

std::vector<std::string> check_named_files(const Configuration& configuration) {
  ShardGroup shards(1);
  Core core(configuration, shards, nullptr, {});
  std::vector<std::string> problems = unwritable_places(configuration);
  if (std::string problem = management::SocketFile::check(configuration.paths().control_socket()); !problem.empty()) {
    problems.push_back(std::move(problem));
  }
  for (std::string& problem : core.load_files(configuration)) problems.push_back(std::move(problem));
  for (std::string& problem : Edges(configuration, shards, core).check(configuration)) {
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace sluice::app

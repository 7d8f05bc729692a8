// SPDX-License-Identifier: Apache-2.0
#include "broker/app/app.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "broker/app/config/configuration.h"
#include "broker/app/core.h"
#include "broker/app/edges.h"
#include "broker/app/node_config.h"
#include "broker/app/signals.h"
#include "broker/management/management.h"
#include "broker/management/management_config.h"
#include "shared/log/log.h"
#include "shared/net/listener_config.h"

extern char** environ;  // NOLINT(readability-identifier-naming): named by POSIX

namespace sluice::app {
namespace {

constexpr std::chrono::milliseconds kDrainLimit{5000};

bool report_problems(const Configuration& configuration) {
  for (const ConfigProblem& problem : configuration.problems()) fmt::print(stderr, "{}\n", problem.to_string());
  return !configuration.problems().empty();
}

/// On standard output: the log's level must not hide them.
void print_notices(const Configuration& configuration) {
  for (const std::string& notice : configuration.notices()) fmt::print("{}\n", notice);
  const ConfigStore& store = configuration.store();
  for (const std::string& name : store.names(management::kApiKeys.address.name)) {
    if (!listener_enabled(store, management::kApiKeys, name)) continue;
    fmt::print("listener.api.{}: this version does not serve the REST API there; sluicectl uses {}\n", name,
               (configuration.paths().data_dir / "sluice.sock").string());
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void announce(const Edges& edges) {
  if (edges.bound().empty()) fmt::print("no listener is on: nobody can connect; see listener.tcp.<name>\n");
  std::string line = "sluice is running:";
  for (const Edges::Bound& bound : edges.bound()) {
    line += fmt::format(" {}={}", bound.name, bound.listener->bound().to_string());
  }
  fmt::print("{} pid={}\n", line, ::getpid());
  std::fflush(stdout);
}

management::ManagementSettings management_settings(const Configuration& configuration) {
  return {.socket = configuration.paths().data_dir / "sluice.sock",
          .sys_interval =
              std::chrono::duration_cast<std::chrono::seconds>(configuration.store().get(management::kSysInterval))};
}

/// A running server: its parts in the order in which they are built.
class Server {
 public:
  Server(const Options& options, const Configuration& configuration)
      : options_(options),
        shards_(configuration.store().get(kShards)),
        core_(configuration, shards_),
        edges_(std::make_unique<Edges>(configuration, shards_, core_)),
        management_(std::make_unique<management::Management>(management_deps(configuration),
                                                             management_settings(configuration))) {}

  void start(const Configuration& configuration) {
    edges_->open(configuration);
    shards_.start();
    if (const std::string problem = management_->start(); !problem.empty()) {
      shards_.stop();
      throw std::runtime_error(problem);
    }
    core_.start();
    edges_->start();
    announce(*edges_);
  }

  void reload() {
    const Configuration fresh(options_, environ);
    spdlog::logger& log = log::get("app");
    if (!fresh.problems().empty()) {
      for (const ConfigProblem& problem : fresh.problems()) {
        log.error("configuration not reloaded: {}", problem.to_string());
      }
      return;
    }
    for (const std::string& problem : core_.reconfigure(fresh)) log.error("not reloaded: {}", problem);
    {
      const std::lock_guard guard(edges_mutex_);
      for (const std::string& problem : edges_->reconfigure(fresh)) log.error("not reloaded: {}", problem);
    }
    management_->reconfigure(management_settings(fresh));
    shards_.run_on_all([](Shard&) {});  // what was posted to them has taken effect
    log.info("configuration reloaded");
  }

  void stop() {
    log::get("app").info("stopping");
    edges_->drain(kDrainLimit);
    management_->stop();
    shards_.stop();
    management_.reset();
    edges_.reset();  // connections go before the sessions that they hold
    for (std::size_t i = 0; i < shards_.size(); ++i) core_.sessions().destroy_all(shards_.at(i));
  }

 private:
  management::ManagementDeps management_deps(const Configuration& configuration) {
    return {.shards = shards_,
            .sessions = core_.sessions(),
            .node = configuration.store().get(kNodeName),
            .version = SLUICE_VERSION,
            .listeners =
                [this] {
                  const std::lock_guard guard(edges_mutex_);
                  std::vector<management::ListenerInfo> all;
                  for (const Edges::Bound& bound : edges_->bound()) {
                    all.push_back(management::listener_info(*bound.listener));
                  }
                  return all;
                },
            .reload_acl = [this] { return core_.reload_acl(); }};
  }

  const Options& options_;
  ShardGroup shards_;
  Core core_;
  std::mutex edges_mutex_;  ///< between a reload and the listing of listeners
  std::unique_ptr<Edges> edges_;
  std::unique_ptr<management::Management> management_;
};

}  // namespace

int run(const Options& options) {
  const Signals signals;
  const Configuration configuration(options, environ);
  if (report_problems(configuration)) return 1;
  try {
    log::configure(log_settings(configuration));
    print_notices(configuration);
    fmt::print("storage.type = ram: acknowledged messages, sessions and retained messages do not survive a restart\n");
    std::fflush(stdout);
    raise_descriptor_limit();
    Server server(options, configuration);
    server.start(configuration);
    while (signals.wait() == Signals::Kind::Reload) server.reload();
    server.stop();
  } catch (const std::exception& error) {
    fmt::print(stderr, "sluice cannot run: {}\n", error.what());
    log::flush();
    return 1;
  }
  log::flush();
  return 0;
}

int check(const Options& options) {
  const Configuration configuration(options, environ);
  if (report_problems(configuration)) return 1;
  for (const std::string& notice : configuration.notices()) fmt::print("{}\n", notice);
  fmt::print("{}: no problem\n", options.file.string());
  return 0;
}

}  // namespace sluice::app

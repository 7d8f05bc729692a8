// SPDX-License-Identifier: Apache-2.0
#include "broker/app/app.h"

#include <cstdio>
#include <exception>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "broker/app/config/configuration.h"
#include "broker/app/core.h"
#include "broker/app/edges.h"
#include "broker/app/node_config.h"
#include "broker/app/signals.h"
#include "shared/log/log.h"

extern char** environ;  // NOLINT(readability-identifier-naming): named by POSIX

namespace sluice::app {
namespace {

constexpr std::chrono::milliseconds kDrainLimit{5000};

bool report_problems(const Configuration& configuration) {
  for (const ConfigProblem& problem : configuration.problems()) fmt::print(stderr, "{}\n", problem.to_string());
  return !configuration.problems().empty();
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void announce(const Edges& edges) {
  std::string line = "sluice is running:";
  for (const Edges::Bound& bound : edges.bound()) {
    line += fmt::format(" {}={}", bound.name, bound.listener->bound().to_string());
  }
  fmt::print("{} pid={}\n", line, ::getpid());
  std::fflush(stdout);
}

void reload(const Options& options, Core& core, Edges& edges) {
  const Configuration fresh(options, environ);
  spdlog::logger& log = log::get("app");
  if (!fresh.problems().empty()) {
    for (const ConfigProblem& problem : fresh.problems())
      log.error("configuration not reloaded: {}", problem.to_string());
    return;
  }
  for (const std::string& problem : core.reconfigure(fresh)) log.error("not reloaded: {}", problem);
  for (const std::string& problem : edges.reconfigure(fresh)) log.error("not reloaded: {}", problem);
  log.info("configuration reloaded");
}

void serve(const Options& options, const Configuration& configuration, const Signals& signals) {
  ShardGroup shards(configuration.store().get(kShards));
  Core core(configuration, shards);
  {
    Edges edges(configuration, shards, core);
    edges.open(configuration);
    shards.start();
    edges.start();
    announce(edges);
    while (signals.wait() == Signals::Kind::Reload) reload(options, core, edges);
    log::get("app").info("stopping");
    edges.drain(kDrainLimit);
    shards.stop();
  }
  for (std::size_t i = 0; i < shards.size(); ++i) core.sessions().destroy_all(shards.at(i));
}

}  // namespace

int run(const Options& options) {
  const Signals signals;
  const Configuration configuration(options, environ);
  if (report_problems(configuration)) return 1;
  try {
    log::configure(log_settings(configuration));
    for (const std::string& notice : configuration.notices()) log::get("app").info("{}", notice);
    fmt::print("storage.type = ram: acknowledged messages, sessions and retained messages do not survive a restart\n");
    raise_descriptor_limit();
    serve(options, configuration, signals);
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

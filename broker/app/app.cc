// SPDX-License-Identifier: Apache-2.0
#include "broker/app/app.h"

#include <cstdio>
#include <exception>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "broker/app/config/configuration.h"
#include "broker/app/console.h"
#include "broker/app/server.h"
#include "broker/app/signals.h"
#include "broker/management/management_config.h"
#include "broker/storage/storage_config.h"
#include "shared/log/log.h"
#include "shared/net/listener_config.h"

namespace sluice::app {
namespace {

bool report_problems(const Configuration& configuration) {
  for (const ConfigProblem& problem : configuration.problems()) fmt::print(stderr, "{}\n", problem.to_string());
  return !configuration.problems().empty();
}

void print_notices(const Configuration& configuration) {
  for (const std::string& notice : configuration.notices()) print_line(notice);
  const ConfigStore& store = configuration.store();
  for (const std::string& name : store.names(management::kApiKeys.address.name)) {
    if (!listener_enabled(store, management::kApiKeys, name)) continue;
    print_line(fmt::format("listener.api.{}: this version does not serve the REST API there; sluicectl uses {}", name,
                           configuration.paths().control_socket().string()));
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run(const Options& options) {
  const Signals signals;
  const Configuration configuration(options, environ);
  if (report_problems(configuration)) return 1;
  try {
    log::configure(log_settings(configuration));
    print_notices(configuration);
    if (configuration.store().get(storage::kType) == "ram") {
      print_line("storage.type = ram: acknowledged messages, sessions and retained messages do not survive a restart");
    }
    raise_descriptor_limit();
    Server server(options, configuration);
    server.start();
    while (signals.wait() == Signals::Kind::Reload) server.reload();
    server.stop();
    if (server.failed()) {
      log::flush();
      return 1;
    }
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
  const std::vector<std::string> problems = check_named_files(configuration);
  for (const std::string& problem : problems) fmt::print(stderr, "{}\n", problem);
  if (!problems.empty()) return 1;
  print_notices(configuration);
  print_line(fmt::format("{}: no problem", options.file.string()));
  return 0;
}

}  // namespace sluice::app

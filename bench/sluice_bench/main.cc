// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <sys/resource.h>

#include <fmt/format.h>

#include "bench/sluice_bench/harness.h"
#include "bench/sluice_bench/options.h"
#include "bench/sluice_bench/report.h"
#include "bench/sluice_bench/scenarios/scenario.h"

namespace {

using namespace sluice::bench;

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Settings& settings) {
  Harness harness(settings);
  if (settings.command != "run") {
    if (run_command(harness)) return 0;
    fmt::print(stderr, "sluice-bench: {}\n", harness.error());
    return 1;
  }
  Report report;
  report.add("scenario", settings.scenario);
  const bool good = find_scenario(settings.scenario)->run(harness, report);
  harness.stop();
  if (!good) report.add("error", harness.error());
  fmt::print("{}", settings.json ? report.json() : report.text());
  return good ? 0 : 1;
}

}  // namespace

/// Exit codes: 0 done, 1 the load could not be run as wanted, 2 usage.
int main(int argc, char** argv) {
  int exit_code = 0;
  const auto settings = parse_options(argc, argv, exit_code);
  if (!settings) return exit_code;
  raise_descriptor_limit();
  catch_signals();
  try {
    return run(*settings);
  } catch (const std::exception& error) {
    fmt::print(stderr, "sluice-bench: {}\n", error.what());
    return 1;
  }
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "bench/sluice_bench/harness.h"
#include "bench/sluice_bench/report.h"

namespace sluice::bench {

/// Runs one load and adds its figures to `report`. false: it could not be run; harness.error() says why.
using RunScenario = bool (*)(Harness& harness, Report& report);

struct Scenario {
  std::string_view name;
  std::string_view doc;
  RunScenario run;
};

/// All of `sluice-bench run`.
std::span<const Scenario> scenarios();
/// nullptr: unknown.
const Scenario* find_scenario(std::string_view name);

bool run_pairs(Harness& harness, Report& report);
bool run_queued(Harness& harness, Report& report);
bool run_fanin(Harness& harness, Report& report);
bool run_fanout(Harness& harness, Report& report);
bool run_filters(Harness& harness, Report& report);
bool run_idle(Harness& harness, Report& report);
bool run_ping(Harness& harness, Report& report);
bool run_connect(Harness& harness, Report& report);
bool run_tls(Harness& harness, Report& report);
bool run_coap_put(Harness& harness, Report& report);
bool run_coap_observe(Harness& harness, Report& report);
bool run_coaps_connect(Harness& harness, Report& report);

/// The commands `conn`, `sub` and `pub`: they say once a second what has happened, until interrupted or done.
bool run_command(Harness& harness);

}  // namespace sluice::bench

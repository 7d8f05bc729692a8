// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bench/sluice_bench/harness.h"
#include "bench/sluice_bench/publisher.h"
#include "bench/sluice_bench/report.h"

namespace sluice::bench {

/// A measured stretch of publishing: warm-up, sample, load, sample, drain. Clients must be connected.
class Traffic {
 public:
  Traffic(Harness& harness, Report& report) : harness_(harness), report_(report) {}

  /// Starts the publishers (at the rate of the settings), measures, stops them and waits for the last messages.
  bool run();
  /// Latencies, order and losses; after the harness has been stopped.
  void report_quality();

 private:
  struct Moment {
    ProcessSample server;
    Totals totals;
    double own_cpu_s = 0;
  };

  Moment moment();
  void start();
  bool let_run(Moment& from, Moment& to);
  void drain();
  void report_costs(const Moment& from, const Moment& to);

  Harness& harness_;
  Report& report_;
};

/// CPU µs of the server per unit, the split in user and system time, and this program's own.
void report_cpu(Report& report, const std::string& unit, const ProcessSample& from, const ProcessSample& to,
                std::uint64_t units);

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::bench {

/// What a process has used up to a moment.
struct ProcessSample {
  double cpu_s = 0;     ///< user + system, all threads, finer than the clock tick
  double user_s = 0;    ///< in clock ticks of /proc/<pid>/stat
  double system_s = 0;  ///< likewise
  std::uint64_t rss_bytes = 0;
  std::uint64_t written_bytes = 0;  ///< handed to file systems for the device (write_bytes of /proc/<pid>/io)
  std::int64_t wall_ns = 0;
};

/// Reads the CPU clock of the process, /proc/<pid>/stat and /proc/<pid>/io; with `memory` also its resident set
/// (smaps_rollup, which is exact; /proc/<pid>/status where that may not be read). nullopt: there is no such process.
std::optional<ProcessSample> sample_process(int pid, bool memory);

/// The CPU seconds of this program.
double own_cpu_s();

}  // namespace sluice::bench

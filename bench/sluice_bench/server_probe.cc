// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/server_probe.h"

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/sluice_bench/clock.h"

namespace sluice::bench {
namespace {

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}
double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

bool read_cpu_clock(int pid, ProcessSample& sample) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return false;
  sample.cpu_s = seconds(time);
  return true;
}

void read_stat(int pid, ProcessSample& sample) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state … cmajflt
  double user = 0;
  double system = 0;
  fields >> user >> system;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  sample.user_s = user / ticks;
  sample.system_s = system / ticks;
}

/// The number behind `key`; 0: the file has no such line, or may not be read.
std::uint64_t read_number(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size()));
  }
  return 0;
}

std::uint64_t read_kib(const std::string& path, const std::string& key) { return read_number(path, key) * 1024; }

}  // namespace

std::optional<ProcessSample> sample_process(int pid, bool memory) {
  ProcessSample sample;
  if (!read_cpu_clock(pid, sample)) return std::nullopt;
  sample.wall_ns = now_ns();
  read_stat(pid, sample);
  const std::string folder = "/proc/" + std::to_string(pid);
  sample.written_bytes = read_number(folder + "/io", "write_bytes:");
  if (memory) {
    sample.rss_bytes = read_kib(folder + "/smaps_rollup", "Rss:");
    if (sample.rss_bytes == 0) sample.rss_bytes = read_kib(folder + "/status", "VmRSS:");
  }
  return sample;
}

double own_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

namespace sluice::test {

/// Who is under test. `SLUICE_TEST_PEER=mosquitto` runs the same tests against Debian's mosquitto, which shows that
/// they test the specification and not one broker. Tests that need keys of ours skip themselves there.
enum class Peer : std::uint8_t { Sluice, Mosquitto };
[[nodiscard]] Peer peer();

/// A broker as a process of its own, on loopback and free ports, writing only into a temporary folder.
///
/// Sluice is `SLUICE_BIN` if set, else the `sluice` of this build. It runs with the repository's etc/sluice.conf, the
/// external MQTT listener on a free port and the other listeners off; `options` ("key=value") come after these and
/// therefore win. Mosquitto ignores `options`.
/// Thread safety: one thread uses it; an inner thread reads what the process prints.
class BrokerProcess {
 public:
  /// Returns when the process says that it runs. Throws std::runtime_error with its output when it does not.
  explicit BrokerProcess(const std::vector<std::string>& options = {});
  /// Ends the process like stop() if nobody did.
  ~BrokerProcess();
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;

  /// The port of a listener as the start line names it. Throws std::out_of_range for one that is not bound.
  [[nodiscard]] std::uint16_t port(std::string_view listener = "mqtt:tcp:external") const;
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& listeners() const { return listeners_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return dir_.path(); }
  /// What the process has printed so far, standard output and standard error together.
  [[nodiscard]] std::string output() const;

  /// SIGTERM, waits, and returns the exit code (128 + signal when a signal ended it). The first call reports a test
  /// failure with the output unless the code is 0, so that a sanitizer's finding fails the test.
  int stop();

 private:
  void spawn(const std::vector<std::string>& arguments);
  void read_output(int fd);
  void await_start();
  void parse_start_line(std::string_view line);
  int reap();

  TempDir dir_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  int exit_code_ = -1;
  std::map<std::string, std::string, std::less<>> listeners_;  ///< name → "address:port"
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;  ///< guarded by mutex_
  bool ended_ = false;  ///< guarded by mutex_: the process closed its output
  std::thread reader_;
};

}  // namespace sluice::test

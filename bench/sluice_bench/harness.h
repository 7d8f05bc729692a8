// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/sluice_bench/client.h"
#include "bench/sluice_bench/engine.h"
#include "bench/sluice_bench/server_probe.h"
#include "bench/sluice_bench/settings.h"

namespace sluice::bench {

/// The engines of a run and the steps that every scenario is made of.
/// Thread: the main thread, which only waits and takes samples; the work is done by the engines.
/// Failures: a step returns false and error() says why (also after SIGINT or SIGTERM).
class Harness {
 public:
  using Factory = std::function<std::unique_ptr<Client>(Engine&, std::size_t number)>;

  /// Throws std::runtime_error if the server's name or the TLS files are unusable.
  explicit Harness(const Settings& settings);
  ~Harness();

  /// Makes `count` clients, spread over the engines, and waits until all are ready.
  bool connect(std::size_t count, const Factory& make);
  /// Makes the clients without connecting them.
  void create(std::size_t count, const Factory& make);
  /// Disconnects all clients and waits until the server has closed them.
  void disconnect();
  /// Runs `task` on every engine and waits until all have.
  void on_each(const std::function<void(Engine&)>& task);
  /// Pings every client once per `interval` from now on; 0: not any more.
  void ping_every(Nanos interval);
  void stop();

  /// false: time is up, or the program was interrupted.
  bool wait_until(const std::function<bool()>& done, double seconds);
  /// Sleeps; false: interrupted.
  bool sleep(double seconds);
  [[nodiscard]] Totals totals() const;
  /// Sums over all clients; only after stop().
  [[nodiscard]] OrderTally order() const;
  [[nodiscard]] Histogram latency() const;
  /// The server's use of CPU (and memory); zeros without --pid.
  [[nodiscard]] ProcessSample sample(bool memory) const;

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] bool has_server() const { return settings_.server_pid > 0; }
  [[nodiscard]] std::size_t engines() const { return engines_.size(); }
  /// How long any step may take.
  [[nodiscard]] double timeout() const { return settings_.load.timeout_s; }
  bool fail(const std::string& why);
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void collect_errors();

  const Settings& settings_;
  Target target_;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::string error_;
};

/// Clients one after the other, as they are made by Harness::connect: who is `number` lives on which engine.
[[nodiscard]] inline std::size_t engine_of(std::size_t number, std::size_t engines) { return number % engines; }

/// Makes SIGINT and SIGTERM end the run in order.
void catch_signals();
[[nodiscard]] bool interrupted();

}  // namespace sluice::bench

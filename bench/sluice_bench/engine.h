// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include "bench/sluice_bench/clock.h"
#include "bench/sluice_bench/settings.h"
#include "bench/sluice_bench/stats.h"
#include "bench/sluice_bench/tls.h"

namespace sluice::bench {

class Client;
class Engine;

/// Work that the engine does between two batches of events: opening connections, publishing, pinging.
class Driver {
 public:
  virtual ~Driver() = default;
  /// Does what is due at `now` and returns when to be called again at the latest (kNever: after any event).
  virtual Nanos turn(Engine& engine, Nanos now) = 0;
};

enum class DriverSlot : std::uint8_t { Connect, Ping, Load };

/// Where the server is and how to speak to it; shared by all engines, constant while they run.
struct Target {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  TlsContext tls;
};

/// One thread with one epoll and many clients.
/// Costs are kept away from the server's core: one read per ready connection and turn into one big buffer, one write
/// per connection and turn out of another, nothing held per idle connection.
/// Thread safety: post, stats, stop, take_error from anywhere; everything else from the engine's own thread.
class Engine {
 public:
  Engine(const Settings& settings, const Target& target, std::size_t index);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start();
  /// Ends the loop and joins the thread; clients stay until destruction, so that they can be asked.
  void stop();
  void post(std::function<void(Engine&)> task);
  [[nodiscard]] const Stats& stats() const { return stats_; }
  /// The first failure of any client, empty if there was none.
  std::string take_error();

  Stats& stats() { return stats_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] std::size_t index() const { return index_; }
  Client& adopt(std::unique_ptr<Client> client);
  std::vector<std::unique_ptr<Client>>& clients() { return clients_; }
  void set_driver(DriverSlot slot, std::unique_ptr<Driver> driver);
  void watch(int fd, Client& client, std::uint32_t events, bool known);
  void report_error(const std::string& text);

  /// Latencies are recorded while this is set.
  bool measuring = false;
  Histogram latency;
  /// Shared by the clients: valid only inside one handler.
  std::vector<std::uint8_t> input;
  std::vector<std::uint8_t> output;
  Nanos received = 0;  ///< when `input` was filled

 private:
  static constexpr std::size_t kBatch = 256;
  static constexpr std::size_t kBufferBytes = std::size_t{256} * 1024;

  void run();
  void run_tasks();
  Nanos run_drivers();
  void wait(Nanos deadline);

  const Settings& settings_;
  const Target& target_;
  const std::size_t index_;
  int epoll_;
  int wake_;
  Stats stats_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::array<std::unique_ptr<Driver>, 3> drivers_;
  std::mutex mutex_;  ///< guards tasks_ and error_
  std::vector<std::function<void(Engine&)>> tasks_;
  std::string error_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sluice::bench

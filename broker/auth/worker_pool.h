// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace sluice::auth {

/// Threads for back ends that block or burn CPU, so that no shard waits for them.
/// Owner: AccessControl. Thread safety: any thread.
class WorkerPool {
 public:
  struct Settings {
    std::uint32_t threads = 1;
    std::uint32_t queue = 10000;  ///< jobs waiting or running; one more is refused
  };

  explicit WorkerPool(const Settings& settings);
  /// Waits for running jobs; those that wait are dropped unrun.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False: the queue is full and `job` was not taken (counter `auth/busy`, a rate-limited warning).
  bool submit(std::function<void()> job);
  [[nodiscard]] std::size_t waiting() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::auth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "shared/base/inline_task.h"

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

  /// Takes a place for one job. False: all are taken (a rate-limited warning).
  [[nodiscard]] bool reserve();
  /// Runs `job` on a worker. Requires: a place was reserved for it; it is free again when the job is done or dropped.
  void run(InlineTask job);
  /// No job is begun any more. The destructor calls it.
  void stop();
  /// Places taken.
  [[nodiscard]] std::size_t busy() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::auth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "broker/management/alarms.h"
#include "broker/management/deps.h"
#include "broker/management/stats.h"
#include "broker/management/storage_jobs.h"
#include "broker/management/sys_topics.h"
#include "shared/base/clock.h"

namespace sluice::management {

/// What the handlers of the API work with. Thread: the management thread.
struct Services {
  const ManagementDeps& deps;
  const session::SessionCore& core;
  Stats& stats;
  const SysTopics& sys_topics;
  const Alarms& alarms;
  StorageJobs& storage_jobs;
  TimePoint started_at;

  [[nodiscard]] std::chrono::seconds uptime() const {
    return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_at);
  }
};

}  // namespace sluice::management

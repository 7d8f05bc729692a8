// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/hooks/hook_points.h"
#include "broker/management/event_publisher.h"
#include "shared/base/clock.h"
#include "shared/base/thread_annotations.h"

namespace sluice::management {

/// An alarm that was raised and not cleared.
struct ActiveAlarm {
  std::string id;
  std::string severity;
  std::string title;
  std::string summary;
  UnixMillis raised_at = 0;
};

/// Publishes alarms (manual 8.21.5): `$SYS/brokers/<node>/alarms/<id>/alert` and `…/clear`, as JSON with EMQ's members,
/// and keeps those that are active. Over `limit` they are still published, but not kept (counted, logged).
/// Owner: Management. Thread safety: the callbacks run on the shards; active() on any thread.
class Alarms {
 public:
  static constexpr std::size_t kLimit = 10'000;

  explicit Alarms(const EventPublisher& events, std::size_t limit = kLimit);
  /// Requires: the shards do not run.
  ~Alarms();
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  /// By id.
  [[nodiscard]] std::vector<ActiveAlarm> active() const;

 private:
  void raise(const hooks::Alarm& alarm);
  void clear(std::string_view id);
  bool keep(ActiveAlarm alarm);

  const EventPublisher& events_;
  const std::size_t limit_;
  mutable Mutex mutex_;
  std::map<std::string, ActiveAlarm, std::less<>> active_ GUARDED_BY(mutex_);
  std::uint64_t on_raised_;
  std::uint64_t on_cleared_;
};

/// The payloads. `ts` is in seconds.
std::string alert_json(const hooks::Alarm& alarm, UnixMillis now);
std::string clear_json(std::string_view id, UnixMillis now);

}  // namespace sluice::management

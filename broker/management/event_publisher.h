// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "broker/api/types.h"
#include "broker/session/session_manager.h"

namespace sluice::management {

/// What happens to clients and alarms, as messages under `$SYS/brokers/<node>/`.
/// Costs next to nothing until the first client subscribes to anything under `$SYS/`, or a subscription like that is
/// restored: before that, nobody could hear.
/// Owner: Management. Thread: publish() on a shard.
class EventPublisher {
 public:
  EventPublisher(session::SessionManager& sessions, std::string node);
  /// Requires: the shards do not run.
  ~EventPublisher();
  EventPublisher(const EventPublisher&) = delete;
  EventPublisher& operator=(const EventPublisher&) = delete;

  /// Publishes `<kind>/<id>/<event>` in a later turn of this shard: who calls from a hook is in the middle of a
  /// session's work. `payload` is called at once, or not at all. An id that cannot be part of a topic name is counted
  /// in "events/unpublished" and logged.
  void publish(std::string_view kind, std::string_view id, std::string_view event,
               const std::function<std::string()>& payload, Qos qos) const;

  [[nodiscard]] session::SessionManager& sessions() const { return sessions_; }

 private:
  void note_filter(std::string_view filter);

  session::SessionManager& sessions_;
  const std::string node_;
  std::atomic<bool> audience_{false};  ///< never false again
  std::uint64_t on_subscribed_;
  std::uint64_t on_restored_;
};

}  // namespace sluice::management

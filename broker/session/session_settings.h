// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/session/outbound_queue.h"
#include "shared/base/clock.h"

namespace sluice::session {

/// `mqtt.session.*` and its neighbours as values (session_config.h declares the keys). Every 0 that means "no limit"
/// has been replaced by the implementation's limit.
struct SessionSettings {
  std::size_t max_clientid_len = 1024;
  std::size_t max_subscriptions = 1'000'000;
  std::size_t max_sessions = 2'000'000;
  std::size_t max_topic_levels = 256;
  bool upgrade_qos = false;
  std::size_t max_inflight = 32;
  Duration retry_interval = std::chrono::seconds(20);  ///< 0: never; MQTT 3 clients only
  std::size_t max_awaiting_rel = 1000;
  Duration await_rel_timeout = std::chrono::seconds(30);
  std::uint32_t expiry_seconds = 7200;  ///< of sessions whose protocol names none
  bool ignore_loop_deliver = false;
  QueueSettings queue;
};

}  // namespace sluice::session

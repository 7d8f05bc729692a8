// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/api/reason.h"
#include "broker/api/types.h"
#include "broker/hooks/hook_points.h"
#include "broker/management/event_publisher.h"
#include "shared/base/clock.h"

namespace sluice::management {

/// Tells who comes and goes (manual 8.21.2, module "presence"): `$SYS/brokers/<node>/clients/<id>/connected` and
/// `…/disconnected`, as JSON, not retained.
/// As in EMQ 2.x a refused client is told of, too: its `connack` is not 0. text.h says what becomes of ids that no
/// topic name can have.
/// Owner: Management. Thread: the callbacks run on the client's shard; they post, so the message is published in a
/// later turn of that shard, in the order of the events.
class Presence {
 public:
  Presence(const EventPublisher& events, Qos qos);
  /// Requires: the shards do not run.
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

 private:
  const EventPublisher& events_;
  const Qos qos_;
  std::uint64_t on_connected_;
  std::uint64_t on_disconnected_;
};

/// The payloads. `ts` is in seconds; no user name is "undefined".
std::string connected_json(const hooks::ClientInfo& client, Reason reason, UnixMillis now);
std::string disconnected_json(const hooks::ClientInfo& client, Reason reason, UnixMillis now);

/// CONNACK's number for it: the reason itself for MQTT 5, a return code of MQTT 3.1.1 (0 to 5) for the others.
std::uint8_t connack_code(Reason reason, Protocol protocol);
/// EMQ's word where it had one ("normal", "closed", "conflict", "kick"), else reason_name().
std::string_view disconnect_word(Reason reason);

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "broker/api/types.h"
#include "broker/session/session_manager.h"

namespace sluice::management {

/// `$SYS/brokers/<node>/<kind>/<id>/<event>`.
struct EventName {
  std::string_view node;
  std::string_view kind;
  std::string_view id;
  std::string_view event;
};

/// Publishes in a later turn of this shard: who calls from a hook is in the middle of a session's work.
/// An id that cannot be part of a topic name is counted in "events/unpublished". Thread: a shard.
void publish_event(session::SessionManager& sessions, const EventName& name, std::string_view payload, Qos qos);

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "shared/base/clock.h"

namespace sluice::management {

/// "2 days,3 hours, 2 minutes, 5 seconds": leading units that are zero are left out; the spacing is EMQ's.
std::string uptime_text(std::chrono::seconds uptime);
/// "2026-11-22 19:47:12" in local time.
std::string datetime_text(UnixMillis when);

/// `$SYS/brokers/<node>/<what>`.
std::string sys_topic(std::string_view node, std::string_view what);
/// `$SYS/brokers/<node>/<kind>/<id>/<event>` for an id that a client chose ("clients", "alarms").
/// A slash in the id stays, as in EMQ. '+' and '#', which no topic name may have, become %2B and %23; if the topic
/// would have too many levels, slashes become %2F. The payload always has the id itself. Empty if even that is too
/// long for a topic name.
std::string event_topic(std::string_view node, std::string_view kind, std::string_view id, std::string_view event);

}  // namespace sluice::management

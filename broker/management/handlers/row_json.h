// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/management/handlers/api_json.h"
#include "broker/management/session_rows.h"

namespace sluice::management {

// Rows as the manual's objects (13.4 to 13.6). `details` (the query's `details=true`) adds what the manual's command
// line shows and its REST API does not: times in seconds, and the two parts of a session's inflight messages.
Json to_json(const ClientRow& row, bool details);
Json to_json(const SessionRow& row, bool details);
Json to_json(const SubscriptionRow& row, bool details);

}  // namespace sluice::management

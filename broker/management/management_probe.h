// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::management {

/// What management counts.
struct ManagementProbe {
  metrics::Counter events_unpublished{"events/unpublished", "Events whose id cannot be part of a topic name"};
  metrics::Counter alarms_untracked{"alarms/untracked", "Alarms published but not listed: too many are active"};
  metrics::Gauge alarms{"alarms/count", "Active alarms"};
  metrics::Counter requests{"api/requests", "Requests to the REST API"};
  metrics::Counter requests_failed{"api/requests/failed", "Requests answered with an error"};
  metrics::Counter connections_refused{"api/refused/full", "Connections to the REST API over its limit"};
};

/// The one instance. Any thread.
inline const ManagementProbe& probe() {
  static const ManagementProbe instance;
  return instance;
}

}  // namespace sluice::management

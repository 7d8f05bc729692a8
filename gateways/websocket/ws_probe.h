// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::ws {

/// What the WebSocket gateway counts.
struct Probe {
  metrics::Gauge connections{"ws/connections/count", "WebSocket connections that are open"};
  metrics::Gauge deflating{"ws/deflate/count", "WebSocket connections with permessage-deflate"};
  metrics::Counter upgraded{"ws/upgraded", "HTTP requests that became a WebSocket connection"};
  metrics::Counter health_checks{"ws/health_checks", "GET /status requests answered"};
  metrics::Counter refused{"ws/refused", "HTTP requests refused with a 4xx answer"};
  metrics::Counter origin_refused{"ws/refused/origin", "Upgrades refused because of their Origin"};
  metrics::Counter request_timeouts{"ws/timeouts/request", "Requests that were not complete within idle_timeout"};
  metrics::Counter ping_timeouts{"ws/timeouts/ping", "Peers that answered no ping"};
  metrics::Counter protocol_errors{"ws/errors/protocol",
                                   "Connections that broke RFC 6455 or sent the wrong frame kind"};
  metrics::Counter too_big{"ws/errors/too_big", "Connections closed with 1009: message over the limit"};
};

Probe& probe();

}  // namespace sluice::ws

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::router {

/// What the router counts.
struct RouterProbe {
  metrics::Gauge routes{"routes/count", "Distinct topic filters with a subscriber on this node"};
  metrics::Gauge topics{"topics/count", "Distinct topic filters with a subscriber"};
  metrics::Gauge subscriptions{"subscriptions/count", "Subscriptions of all sessions, shared ones included"};
  metrics::Gauge shared{"subscriptions/shared/count", "Memberships of shared subscription groups"};
  metrics::Counter expensive{"routes/expensive_matches", "Publishes for which very many filters had to be compared"};
};

}  // namespace sluice::router

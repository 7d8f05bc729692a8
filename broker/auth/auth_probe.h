// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::auth {

/// The counters of this module.
struct AuthProbe {
  metrics::Counter allowed{"auth/allowed", "Clients that may connect, anonymous ones included"};
  metrics::Counter anonymous{"auth/anonymous", "Clients that may connect although no back end knows them"};
  metrics::Counter denied{"auth/denied", "Clients refused by a back end, or unknown to all of them"};
  metrics::Counter failed{"auth/failed", "Clients refused because a back end could not answer"};
  metrics::Counter busy{"auth/busy", "Clients refused because too many were waiting for a slow back end"};
  metrics::Counter acl_allowed{"acl/allowed",
                               "Publishes and subscribes allowed topic by topic (constant answers are not counted)"};
  metrics::Counter acl_denied{"acl/denied", "Publishes and subscribes refused"};
  metrics::Counter acl_cache_hit{"acl/cache_hit", "Decisions taken from a client's cache"};
  metrics::Counter acl_cache_miss{"acl/cache_miss", "Decisions that were not in a client's cache"};
};

/// Thread safety: any thread.
inline const AuthProbe& probe() {
  static const AuthProbe instance;
  return instance;
}

}  // namespace sluice::auth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::storage {

/// What the store counts.
struct StorageProbe {
  metrics::Counter groups{"storage/writes", "Writes to the store: each merges what all shards had"};
  metrics::Counter changes{"storage/changes", "Keys put or erased"};
  metrics::Counter syncs{"storage/syncs", "Times that the device was made to keep what was written"};
  metrics::Counter write_errors{"storage/write_errors", "Writes that failed; each is tried again"};
  metrics::Counter slow_writes{"storage/slow_writes", "Writes and syncs that took longer than a second"};
  metrics::Counter refused{"storage/refused", "Messages refused because the store takes none at the moment"};
  metrics::Counter refused_sessions{"storage/refused_sessions",
                                    "Connects of sessions that outlive their connection, refused for the same reason"};
  metrics::Counter refused_subscriptions{"storage/refused_subscriptions",
                                         "Subscriptions of such sessions, refused for the same reason"};
  metrics::Counter compactions{"storage/compactions", "Compactions that were to make room in a full store"};
  metrics::Counter loads{"storage/loads", "Messages read back for a session"};
  metrics::Counter unreadable{"storage/unreadable", "Records that could not be read and were passed over"};
};

/// The one instance. Any thread.
inline const StorageProbe& probe() {
  static const StorageProbe instance;
  return instance;
}

}  // namespace sluice::storage

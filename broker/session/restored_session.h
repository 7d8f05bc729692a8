// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/session/queued_message.h"
#include "broker/session/subscription_list.h"
#include "broker/storage/record_format.h"

namespace sluice::session {

/// A session as the store has it, its queue apart.
struct RestoredSession {
  storage::SessionId id = 0;
  storage::SessionRecord record;
  Place next_place = 0;
  std::vector<OwnSubscription> subscriptions;
  std::optional<WillRequest> will;
  UnixMillis will_due_at = 0;                             ///< 0: its client was connected when the server ended
  std::vector<std::pair<PacketId, UnixMillis>> received;  ///< QoS 2 messages that await their release, and since when
};

/// What waits for a session, in order. The messages themselves stay in the store.
struct RestoredQueue {
  std::vector<QueuedMessage> waiting;
  std::vector<QueuedMessage> released;  ///< QoS 2: PUBREC came, PUBCOMP did not
};

}  // namespace sluice::session

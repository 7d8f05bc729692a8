// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "broker/session/outbound_flow.h"
#include "broker/session/session_context.h"
#include "broker/storage/record_format.h"

namespace sluice::session {

/// Reads messages of a session's queue from the store, off the shard and behind everything that was submitted before;
/// `done` runs on the context's shard. What cannot be read comes without a message; what follows one that
/// cannot be read for now (a failing disk) is left out, and where that is the first it is tried again every second.
void load_messages(SessionContext& context, storage::SessionId session, std::vector<Place> places,
                   std::function<void(std::vector<LoadedMessage>)> done);

/// Erases the queue of a session that has ended before it was read: every place below `end`. What came through shared
/// subscriptions goes to other members [MQTT-4.8.2-4].
void erase_unread_queue(SessionContext& context, storage::SessionId session, Place end);

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
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

/// The queue of a session that has ended before it was read.
struct UnreadQueue {
  storage::SessionId session = 0;
  Place end = 0;             ///< no place of it is above
  Place sent_before = 0;     ///< with a lower place: may have been sent
  std::uint16_t window = 0;  ///< so many of them
};
/// Erases it, once all sessions are there. What came through shared subscriptions goes to other members [MQTT-4.8.2-4],
/// but not what may have been sent at QoS 2 [MQTT-4.8.2-5].
void erase_unread_queue(SessionContext& context, const UnreadQueue& queue);
/// What becomes of a queue's record whose session has ended.
enum class Leftover : std::uint8_t {
  HandedOn,  ///< with its message, to another member of the group
  Useless,   ///< to be erased
  Unread,    ///< its message cannot be read, or not for now: to be kept
};
/// A record of a queue whose session is not there any more: what came through a shared subscription, at QoS 1, goes to
/// another member. On the store's reader, once all sessions are there.
Leftover hand_on_orphan(SessionContext& context, const storage::KvStore& store, std::string_view key,
                        const storage::QueueRecord& record);

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/api/message.h"
#include "broker/router/subscription.h"
#include "broker/session/queued_message.h"
#include "broker/session/session_context.h"

namespace sluice::session {

/// What became of a message.
struct Routed {
  std::size_t deliveries = 0;
  CommitTicket ticket = 0;  ///< as in Outcome
  bool refused = false;     ///< nobody got it: a queue is full, or the store takes nothing
};

/// Whether a message may be refused because of those who would get it (Overflow::Refuse, or a store in trouble). What
/// belongs to the broker itself, and what is of QoS 0, never is: nobody could be told.
enum class Refusal : std::uint8_t {
  Possible,
  Unheard,  ///< nobody would send it again (a will): a store that fails for now is waited for
  TooLate,  ///< its publisher was, or will be, told yes
};
/// False: the store takes no message for now, and its publisher has to be told so.
bool store_takes(const SessionContext& context, Refusal refusal);

/// Routes a message from the calling shard to every session that subscribes to its topic, wherever it lives: local
/// ones at once, others by a task to their shard. Overlapping subscriptions of one session become one delivery with
/// the highest QoS and all identifiers [MQTT-3.3.4-2] [MQTT-3.3.4-3].
/// What is for sessions that are kept on disk goes into the shard's batch first; at QoS 2 it is delivered when that is
/// committed, because a server that forgot it would take its publisher's second attempt for a new message.
/// With Overflow::Refuse, places in the queues of all who get it at QoS 1 or 2 are reserved first. Where the chosen
/// member of a shared group has none, another one is looked for. If somebody has none, nobody gets the message.
Routed dispatch(SessionContext& context, const MessagePtr& message, Refusal refusal = Refusal::Possible);

/// Hands one message to one session, which the store knows by `id` (0: not). If it is gone, its record goes, too, and
/// what came through a group is handed on.
void deliver_to(SessionContext& context, SessionRef session, QueuedMessage&& queued, storage::SessionId id);

/// Gives a message that a member of a shared group will not get any more to another one: on disk, too, in the batch of
/// this turn, in which it has to be taken from the first. False: nobody else is left.
bool redeliver_to_group(SessionContext& context, const QueuedMessage& queued, SessionRef except);

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/api/broker_api.h"
#include "broker/api/client_handle.h"
#include "broker/session/dispatcher.h"
#include "broker/session/session_context.h"

namespace sluice::session {

class ClientSession;

/// A client's publish, step by step: topic → authorisation → mount point → hooks → retain → route.
PublishResult publish(ClientSession& session, const PublishRequest& request);

/// Whether the client may publish to the topic, and it is one; what may not is logged.
Reason may_publish(ClientSession& session, std::string_view topic);

/// A client's will, on its way out: authorised like any publish; a denied one is logged and counted. False: it was
/// refused, as a publish would be, and nobody has it.
bool publish_will(ClientSession& session, const WillRequest& will);
/// It was refused, and is given up: logged and counted.
void give_up_will(const ClientSession& session, const WillRequest& will);

/// Retains (if asked) and routes a message that is authorised already: the broker's own, REST's. While sessions are
/// being restored it is parked instead, until all are there.
Routed publish_message(SessionContext& context, const MessagePtr& message, Refusal refusal = Refusal::Possible);

/// All sessions are restored: routes what is parked, a little in each turn, and only then lets go what waits for it.
void publish_parked(SessionContext& context);

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/api/broker_api.h"
#include "broker/api/client_handle.h"
#include "broker/session/session_context.h"

namespace sluice::session {

class ClientSession;

/// A client's publish, step by step: topic → authorisation → mount point → hooks → retain → route.
PublishResult publish(ClientSession& session, const PublishRequest& request);

/// A client's will, on its way out: authorised like any publish; a denied one is logged and counted.
void publish_will(ClientSession& session, const WillRequest& will);

/// Retains (if asked) and routes a message that is authorised already: the broker's own, REST's.
/// Returns the number of deliveries.
std::size_t publish_message(SessionContext& context, const MessagePtr& message);

}  // namespace sluice::session

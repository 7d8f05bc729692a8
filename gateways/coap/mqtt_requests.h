// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gateways/coap/client.h"

namespace sluice::coap {

/// Does what a request below /mqtt asks for, and answers it.
void serve_mqtt(Client& client, Envelope& envelope);

// What /ps does in the same way.

/// Publishes the body of the command to its topic.
PublishResult publish(Client& client, const Command& command);
/// Observes the topic or filter of the command: 2.05 with `current`, what it retains, or 2.05 or `nothing` without it.
/// Nothing is begun if the peer may not be sent that much yet; the answer becomes a challenge then.
void subscribe(Client& client, const Envelope& envelope, const MessagePtr& current, Code nothing);
/// By token or by filter [RFC 7641 3.6]; 2.05 also if there was nothing.
void unsubscribe(Client& client, const Envelope& envelope);
/// 2.05 with the message, 2.03 if the client has it, 4.06 if it wants another format.
[[nodiscard]] Response read_response(const Command& command, const MessagePtr& message, UnixMillis now);
/// False: the condition of the request does not hold [RFC 7252 5.10.8].
[[nodiscard]] bool precondition_holds(const Command& command, const MessagePtr& current);

}  // namespace sluice::coap

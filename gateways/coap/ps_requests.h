// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gateways/coap/client.h"

namespace sluice::coap {

/// Does what a request below /ps asks for, and answers it: the publish-subscribe draft as EMQ 2.3 served it, on the
/// retained messages of the core. A topic exists if something is retained there, or if it has been created.
void serve_ps(Client& client, Envelope& envelope);

}  // namespace sluice::coap

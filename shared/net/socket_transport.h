// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/transport.h"

namespace sluice {

/// The Transport over an accepted socket: TCP, or TLS when it has an SSL. Driven by the shard's Poller: an idle
/// connection owns no buffer, no operation and no armed timer.
///
/// Limits, from the listener's settings: `rate_limit` (reading pauses until tokens are back), `send_timeout`
/// (a short write without progress; then on_closed(timed_out) if `send_timeout_close`), `linger` for shutdown().
/// After shutdown() the socket finishes on its own; the transport may be destroyed at once.
/// Thread: `shard`'s.
std::unique_ptr<Transport> make_socket_transport(Shard& shard, AcceptedSocket socket);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"

namespace sluice {

/// The end of a connection whose owner has let go: sends what TLS still holds, close_notify and FIN, then reads and
/// drops what the peer sends until it closes too, so that our last bytes are not lost to a reset. `linger` of the
/// listener's settings bounds all of it. Often everything succeeds at once and nothing is kept.
/// Thread: `shard`'s; what is unfinished when the shard's loop ends is closed then.
void linger(Shard& shard, UniqueFd fd, SslPtr ssl, std::vector<std::byte> unsent_record, ListenerSlot slot);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/explained.h"
#include "shared/net/udp/udp_settings.h"

namespace sluice {

/// What is wrong with the settings before anything is bound: an address that is none, groups that could not be joined
/// with it. Names key and listener. Empty: nothing.
std::string check_udp(const UdpSettings& settings);

/// `count` sockets bound to the same port, ready to be read; the first, which alone has joined the groups, had the port
/// to itself for a moment, so that one that is taken is noticed. The error names listener, address and key.
Explained<std::vector<UniqueFd>> bind_udp(const UdpSettings& settings, std::size_t count);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "broker/api/broker_api.h"

namespace sluice::session {

/// What stands before every topic of a client: its listener's `mountpoint`, in which %c is its client id and %u its
/// user name ("undefined" without one). Requires a client id.
std::string mountpoint_of(const ConnectRequest& request);

}  // namespace sluice::session

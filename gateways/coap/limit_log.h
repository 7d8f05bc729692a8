// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/log/log.h"

namespace sluice::coap {

/// What a limit of the gateway did to a client, for the log. `what`: "a client was refused". `lines`: of that limit
/// alone, so that one does not hush another. Thread safety: any thread.
void log_limit_reached(log::RateLimit& lines, std::string_view what, std::string_view key, std::size_t value,
                       std::string_view client_id);

}  // namespace sluice::coap

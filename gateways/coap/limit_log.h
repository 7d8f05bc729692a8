// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::coap {

/// One line in the log, not too often for each key, for what a limit of the gateway did to a client. `what`: "a client
/// was refused". Thread safety: any thread.
void log_limit_reached(std::string_view what, std::string_view key, std::size_t value, std::string_view client_id);

}  // namespace sluice::coap

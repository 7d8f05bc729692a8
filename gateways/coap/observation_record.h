// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "gateways/coap/observation.h"

namespace sluice::coap {

/// Where the observations of a client lie in the gateway's store.
[[nodiscard]] std::string observations_key(std::string_view client_id);

/// What has to be known of them after a restart of the server. Those that end with their connection are left out; empty
/// if there are no others.
[[nodiscard]] std::string write_observations(const ObservationList& observations);
/// False, and nothing is added: it is no such record.
[[nodiscard]] bool read_observations(std::string_view record, ObservationList& observations);

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "gateways/coap/observation.h"

namespace sluice::coap {

/// A session's note (ClientPort::put_note) that this gateway wrote, as others may have too.

/// True if it is one of these, well-formed or not.
[[nodiscard]] bool holds_observations(std::string_view note);
/// What has to be known of them after a restart of the server, which ids have been given among it. Those that end with
/// their connection are left out. Empty if there has never been one.
[[nodiscard]] std::string write_observations(const ObservationList& observations);
/// False, and nothing is added: it is no such record.
[[nodiscard]] bool read_observations(std::string_view note, ObservationList& observations);

}  // namespace sluice::coap

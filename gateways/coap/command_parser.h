// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "gateways/coap/coap_settings.h"
#include "gateways/coap/command.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// Why a request makes no command.
struct Refusal {
  Code code;
  std::string diagnosis;  ///< for people: what was wrong and what would be right [RFC 7252 5.5.2]
};

/// What the request of a peer asks for; pure. Knows the trees `/mqtt` (its name is a key), `/mqtt/connection` and
/// `/ps`, and `/.well-known/core`; any other path is 4.04.
/// A client id is taken from `c` or `clientid`, else from what DTLS proved. `compat` is the listener's.
std::variant<Command, Refusal> parse_command(const Request& request, const TransportPeer& peer,
                                             const CoapSettings& settings, Compat compat);

/// True for `/.well-known/core`.
[[nodiscard]] bool is_discovery(const Pdu& request);
/// True if the request says as which client it comes, by its query or by what DTLS proved.
[[nodiscard]] bool names_client(const Pdu& request, const TransportPeer& peer);

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/api/reason.h"
#include "shared/coap/codec/code.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// The response code for what the core said; the only place that knows both. A success is 2.04.
[[nodiscard]] Code code_of(Reason reason);
/// The same for a connect: who may not come in is unauthorised, not forbidden.
[[nodiscard]] Code code_of_connect(Reason reason);

/// An answer without a representation: its code, with a pause to keep where a later attempt may succeed (Max-Age,
/// [RFC 7252 5.9.3.4] [RFC 8516 3]).
[[nodiscard]] Response bare_response(Code code);

}  // namespace sluice::coap

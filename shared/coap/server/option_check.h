// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "shared/coap/codec/pdu.h"

namespace sluice::coap {

/// Why a request cannot be served as it is.
struct OptionProblem {
  enum class Kind : std::uint8_t {
    Unknown,  ///< a critical option that is not known, has a length that it cannot have, or is there too often
    Proxy,    ///< the request is for another server
  };
  Kind kind = Kind::Unknown;
  std::uint16_t number = 0;
};

/// Looks at the options of a request as an origin server must [RFC 7252 5.4.1, 5.4.3, 5.4.5, 5.7.2]. Elective ones
/// that are wrong are as good as absent (Pdu::option).
std::optional<OptionProblem> check_options(const Pdu& request);

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "shared/coap/codec/pdu.h"

namespace sluice::coap {

/// Which body the blocks of a request are part of: the method and every option that is part of the cache key, without
/// those that differ from block to block; Request-Tag is part of it [RFC 7959 2.5] [RFC 9175 3.3].
[[nodiscard]] std::uint64_t upload_key(const Pdu& request);
/// Which representation a request asks for: its method, its URI and what it accepts [RFC 7959 2.4]. The same for a GET,
/// for the observation that it begins and for the requests for later blocks.
[[nodiscard]] std::uint64_t representation_key(const Pdu& request);

}  // namespace sluice::coap

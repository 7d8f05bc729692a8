// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/net/datagram.h"
#include "shared/net/dtls/dtls_context.h"
#include "shared/net/dtls/dtls_wire.h"

namespace sluice {

/// The log lines of a DTLS listener, each kind rate-limited: peers cause all of them. Never a key, never a payload.
/// Thread safety: any thread.

/// A handshake or an association that failed; `wire` knows the alerts of the call that failed it.
void report_dtls_failure(const DtlsContext& listener, std::string_view what, const DatagramPath& path,
                         const DtlsWire& wire, std::string_view reason);
/// An alert of an association whose records are ours.
void report_dtls_alert(const DtlsContext& listener, const DatagramPath& path, int level, int description);
/// A peer or a handshake that a limit refused; `limit` is its key.
void report_dtls_limit(const DtlsContext& listener, std::string_view limit, const DatagramPath& path,
                       std::size_t value);
void report_dtls_too_large(const DtlsContext& listener, const DatagramPath& path, std::size_t size, std::size_t room);

}  // namespace sluice

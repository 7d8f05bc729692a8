// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "shared/net/tls_settings.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // OpenSSL's SSL

namespace sluice {

/// Lets `context` accept the identities that `lookup` knows, under (D)TLS 1.2 and TLS 1.3 (where a key from outside
/// goes with SHA-256 suites [RFC 8446 4.2.11]). `lookup` must outlive the context and every SSL of it.
void enable_psk(ssl_ctx_st* context, const PskLookup& lookup);

/// The identity that `ssl`'s handshake was made with; empty if none.
std::string psk_identity_of(const ssl_st* ssl);

}  // namespace sluice

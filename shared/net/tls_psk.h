// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // OpenSSL's SSL

namespace sluice {

struct TlsSettings;

/// Lets `context` accept the identities that `settings.psk_key` knows, under TLS 1.2 and 1.3 (where a key from outside
/// goes with SHA-256 suites [RFC 8446 4.2.11]). `settings` must outlive the context and every SSL of it.
void enable_psk(ssl_ctx_st* context, const TlsSettings& settings);

/// The identity that `ssl`'s handshake was made with; empty if none.
std::string psk_identity_of(const ssl_st* ssl);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace sluice {

/// The PEM files of a listener, for TLS and DTLS. `key` is the listener's ("listener.ssl.external"). Each function
/// returns an empty text, or a sentence that names key, file and reason.
/// Thread safety: any thread; they block.

/// "listener.ssl.external.certfile: cannot use /x/cert.pem: reason".
std::string file_complaint(const std::string& key, const std::string& file, const std::string& why);
/// Empty if `file` can be opened.
std::string why_unreadable(const std::string& file);

/// The chain, leaf first, and the leaf's key.
std::string load_certificate(ssl_ctx_st* context, const std::string& key, const std::string& certfile,
                             const std::string& keyfile);
/// Whose certificates are trusted; a server also names them to its clients.
std::string load_authorities(ssl_ctx_st* context, const std::string& key, const std::string& cacertfile);
/// Refuses what they revoke [RFC 5280 6.3]. Every authority of a peer's chain needs a list in the file.
std::string load_revocations(ssl_ctx_st* context, const std::string& key, const std::string& crlfile);

}  // namespace sluice

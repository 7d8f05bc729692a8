// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "bench/sluice_bench/settings.h"

namespace sluice::bench {

struct TlsDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsDeleter>;
using TlsSession = std::unique_ptr<SSL, TlsDeleter>;

/// A client context without session resumption, so that every handshake is a whole one.
/// Throws std::runtime_error for unusable files (start-up only).
TlsContext make_tls_context(const TlsSettings& settings);

/// The oldest OpenSSL error of this thread as text; clears the queue.
std::string take_tls_error();

}  // namespace sluice::bench

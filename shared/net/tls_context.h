// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "shared/net/accepted_socket.h"
#include "shared/net/explained.h"
#include "shared/net/tls_settings.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace sluice {

struct SslCtxFree {
  void operator()(ssl_ctx_st* context) const;
};
using SslCtxPtr = std::unique_ptr<ssl_ctx_st, SslCtxFree>;

/// The server side of TLS for one listener: versions, ciphers, certificates, PSK, resumption. Files are read once: to
/// load them again, make another; connections keep the one they began with.
/// TLS 1.2 and 1.3 only; renegotiation never happens; resumption by tickets, whose keys live as long as the context.
/// A client that proved itself by a PSK under TLS 1.3 gets no ticket, since a ticket would not carry its identity.
/// Making one ignores SIGPIPE for the process: OpenSSL writes to the socket itself.
/// Thread safety: any thread.
class TlsContext {
 public:
  /// `key` is the listener's ("listener.ssl.external"). The error names key, file and reason.
  static Explained<std::shared_ptr<TlsContext>> create(std::string key, TlsSettings settings);
  ~TlsContext();

  /// A server-side SSL on `fd`, ready for its handshake; null when memory is short.
  SslPtr accept_on(int fd) const;

  [[nodiscard]] const TlsSettings& settings() const { return settings_; }

 private:
  TlsContext(std::string key, TlsSettings settings);
  /// Empty, or what is wrong.
  std::string build();
  std::string set_versions();
  std::string set_ciphers();
  std::string load_certificate();
  std::string load_client_authorities();
  std::string load_dh();
  void set_resumption();

  const std::string key_;
  const TlsSettings settings_;
  SslCtxPtr context_;
};

/// What the finished handshake on `ssl` proved; null if nothing. A certificate counts only if it was verified.
std::shared_ptr<const TlsIdentity> tls_identity(ssl_st* ssl);

}  // namespace sluice

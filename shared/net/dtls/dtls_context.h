// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "shared/net/dtls/dtls_settings.h"
#include "shared/net/explained.h"
#include "shared/net/tls_context.h"

namespace sluice {

/// The server side of DTLS 1.2 for one listener: ciphers, certificates, PSK, resumption. Files are read once: to load
/// them again, make another (DtlsPort::use()); associations keep the one they began with.
/// No renegotiation, no compression, no tickets; resumption by session ids from a bounded cache that lives as long as
/// the context.
/// Thread safety: any thread.
class DtlsContext {
 public:
  /// `key` is the listener's ("coap.bind.dtls.1"). The error names key, file and reason.
  static Explained<std::shared_ptr<const DtlsContext>> create(std::string key, DtlsSettings settings);

  /// A server's SSL without a BIO; null when memory is short. The context must outlive it.
  [[nodiscard]] SslPtr accept() const;
  /// False: its key was taken away after the session that is being resumed was made.
  [[nodiscard]] bool knows(const TlsIdentity& identity) const;

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] const DtlsSettings& settings() const { return settings_; }

 private:
  DtlsContext(std::string key, DtlsSettings settings);
  /// Empty, or what is wrong.
  std::string build();
  std::string load_files();
  void set_resumption();

  const std::string key_;
  const DtlsSettings settings_;
  SslCtxPtr context_;
};

/// What servers and clients have in common: DTLS 1.2 alone, its options, and `ciphers` (empty: what constrained devices
/// use, RFC 7925 4.2 and 4.4, and AES-GCM and ChaCha20 beside them). Empty, or what is wrong.
std::string prepare_dtls(ssl_ctx_st* context, const std::string& key, const std::string& ciphers);

}  // namespace sluice

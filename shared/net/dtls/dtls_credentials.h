// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "shared/net/dtls/dtls_settings.h"
#include "shared/net/explained.h"
#include "shared/net/tls_context.h"

namespace sluice {

/// The client side of DTLS 1.2: who we are to a server. Make one per identity and use it for every connect().
/// A server proves itself by knowing our key, or by a certificate of an authority that we trust.
/// Thread safety: any thread.
class DtlsCredentials {
 public:
  /// `key` is what the operator knows them by. The error names key, file and reason.
  static Explained<std::shared_ptr<const DtlsCredentials>> create(std::string key, DtlsCredentialSettings settings);
  ~DtlsCredentials();

  /// A client's SSL without a BIO; null when memory is short. The credentials must outlive it.
  [[nodiscard]] SslPtr connect() const;

  [[nodiscard]] const DtlsCredentialSettings& settings() const { return settings_; }

 private:
  DtlsCredentials(std::string key, DtlsCredentialSettings settings);
  /// Empty, or what is wrong.
  std::string build();
  std::string load_files();

  const std::string key_;
  DtlsCredentialSettings settings_;
  SslCtxPtr context_;
};

}  // namespace sluice

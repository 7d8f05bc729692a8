// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Key of a PSK identity; empty: unknown. Called on shards' threads.
using PskLookup = std::function<std::vector<std::byte>(std::string_view identity)>;

/// The TLS keys of one listener. Paths are absolute or relative to the working directory.
struct TlsSettings {
  std::string certfile;      ///< PEM, leaf first; may be empty only when `psk_key` is set
  std::string keyfile;       ///< PEM
  std::string cacertfile;    ///< PEM; whose client certificates are trusted; needed by `verify_peer`
  std::string dhfile;        ///< PEM; empty: OpenSSL's own groups
  std::string tls_versions;  ///< "tlsv1.3,tlsv1.2"; empty: both. Older ones are not offered
  std::string ciphers;       ///< OpenSSL names separated by ',' or ':'; names TLS_* are TLS 1.3's; empty: OpenSSL's
  bool verify_peer = false;  ///< ask for a client certificate and refuse a bad one
  bool fail_if_no_peer_cert = false;  ///< with verify_peer: refuse a client that shows none
  bool honor_cipher_order = true;
  bool reuse_sessions = true;
  /// Unset: no PSK.
  /// PSK suites come first, also against the client's order, unless `ciphers` says otherwise. An unknown identity fails
  /// the handshake, but for TLS 1.3 clients that take our certificate instead: they go on without an identity.
  PskLookup psk_key;
};

}  // namespace sluice

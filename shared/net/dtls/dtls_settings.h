// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "shared/net/tls_settings.h"

namespace sluice {

/// The DTLS keys of one listener. Paths are absolute or relative to the working directory.
struct DtlsSettings {
  std::string name;                   ///< the listener's, for log lines: "coap:dtls:1"
  std::string certfile;               ///< PEM, leaf first; may be empty only when `psk_key` is set
  std::string keyfile;                ///< PEM
  std::string cacertfile;             ///< PEM; whose client certificates are trusted; needed by `verify_peer`
  std::string crlfile;                ///< PEM; lists of every authority in a client's chain; empty: nothing is revoked
  std::string ciphers;                ///< OpenSSL names separated by ',' or ':'; empty: DtlsContext's own choice
  bool verify_peer = false;           ///< ask for a client certificate and refuse a bad one
  bool fail_if_no_peer_cert = false;  ///< with verify_peer: refuse a client that shows none
  PskLookup psk_key;                  ///< unset: no PSK
  std::string psk_identity_hint;      ///< empty: none is sent
  /// How long an association lives with nothing heard from its peer, and a session can be resumed.
  std::chrono::seconds session_timeout = std::chrono::hours(24);
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(30);
  /// The first wait for an answer before a flight is sent again; it doubles up to a minute [RFC 6347 4.2.4.1].
  std::chrono::milliseconds retransmit_after = std::chrono::seconds(1);
  std::string limits_key;  ///< for messages: what the keys of these two begin with; empty: the listener's
  std::size_t max_associations = 1'000'000;  ///< of one shard; a peer beyond it is refused
  std::size_t max_handshakes = 1'000;        ///< unfinished ones of one shard; the oldest gives way
  /// Bytes of the largest datagram that we send: what fits into IPv6's smallest packet [RFC 8200 5]. kLeastMtu to
  /// 16384.
  std::size_t mtu = 1232;

  static constexpr std::size_t kLeastMtu = 256;
};

/// What we prove to a server, and what it has to prove to us.
struct DtlsCredentialSettings {
  std::string psk_identity;  ///< empty: certificates
  std::vector<std::byte> psk_key;
  std::string certfile, keyfile;  ///< PEM; ours; empty: we show none
  std::string cacertfile;         ///< PEM; whose server certificates are trusted; empty only with a PSK
  std::string crlfile;            ///< PEM; empty: nothing is revoked
  std::string server_name;        ///< what the server's certificate must be for; empty: any
  std::string ciphers;            ///< as in DtlsSettings
};

}  // namespace sluice

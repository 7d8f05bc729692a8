// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bench/sluice_bench/coap/peer_socket.h"
#include "bench/sluice_bench/settings.h"
#include "bench/sluice_bench/tls.h"

namespace sluice::bench::coap {

/// A DTLS 1.2 client context without resumption: a pre-shared key if the settings have one, else a certificate's
/// server (verified if there is a CA file) and, if wanted, a client certificate.
/// Throws std::runtime_error for unusable files or keys (start-up only).
TlsContext make_dtls_context(const TlsSettings& tls, const CoapSettings& coap);

/// The client's end of one DTLS association, over the socket of all peers. Without a close_notify when it goes: the
/// server's end stays.
/// Thread: that of its socket.
class DtlsClient {
 public:
  enum class Status : std::uint8_t { Going, Done, Failed };
  struct Transport;

  /// `identity` is that of the pre-shared key, empty for certificates. Socket and context outlive it.
  DtlsClient(SSL_CTX* context, PeerSocket& socket, Peer peer, const std::string& identity);
  ~DtlsClient();
  DtlsClient(const DtlsClient&) = delete;
  DtlsClient& operator=(const DtlsClient&) = delete;

  /// Sends the first flight.
  Status start() { return step(); }
  /// A datagram of the handshake.
  Status on_datagram(ByteView bytes);
  /// Sends the last flight again if its time has come.
  Status on_time();
  /// Sends a message. Requires: the handshake is done.
  void say(ByteView message);
  /// The message in a datagram, cut to the size of `into`; empty if there is none. Requires: the handshake is done.
  ByteView hear(ByteView datagram, std::span<std::uint8_t> into);
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  Status step();

  std::unique_ptr<Transport> transport_;  ///< what the session reads from and writes to
  std::string identity_;
  TlsSession session_;
  std::string error_;
};

}  // namespace sluice::bench::coap

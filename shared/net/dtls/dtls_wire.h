// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/net/datagram.h"

struct bio_st;      // OpenSSL's BIO
struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // OpenSSL's SSL

namespace sluice {

/// What an SSL of a port reads and writes while a call of it runs: the record at hand, and the way its answers go. One
/// for all SSLs of a port, set before each call; nothing is copied or queued.
/// Owner: its port. Thread: its shard.
struct DtlsWire {
  static constexpr int kNoAlert = -1;

  DatagramPort* below = nullptr;
  DatagramPath path;
  std::span<const std::byte> input;  ///< empty once it was read
  // What the call has seen:
  bool noticed = false;           ///< a handshake message or an alert came
  bool sent = false;              ///< a datagram left
  std::uint64_t next_number = 0;  ///< after the last record of epoch 1 that left; 0: none did
  int alert_received = kNoAlert;  ///< its description
  int alert_sent = kNoAlert;

  void begin(const DatagramPath& way, std::span<const std::byte> record);
};

/// Makes `ssl` read and write through `wire`, which must outlive it. False: memory is short.
bool attach_wire(ssl_st* ssl, DtlsWire& wire);
/// Has the SSLs of `context` tell their wire of alerts and messages; counts the alerts.
void watch_dtls(ssl_ctx_st* context);

}  // namespace sluice

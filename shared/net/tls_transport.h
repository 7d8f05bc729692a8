// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "shared/net/stream_io.h"
#include "shared/net/stream_transport.h"

namespace sluice {

/// A TLS connection after its handshake, on OpenSSL directly.
/// Bytes of write() are gathered into full records. A record that OpenSSL has encrypted but could not send counts as
/// accepted: its plain bytes are kept here (at most 16 KB) because OpenSSL wants to see them again.
/// Bytes that OpenSSL holds decrypted or unparsed are invisible to the poller: after every stop that is not "the socket
/// is empty" the transport posts itself a task that reads on.
/// Thread: its shard's.
class TlsTransport final : public StreamTransport {
 public:
  TlsTransport(Shard& shard, AcceptedSocket socket);
  ~TlsTransport() override;

  std::size_t write(std::span<const iovec> buffers) override;
  void shutdown() override;

 private:
  /// Lets a posted task find out that its transport has gone.
  struct Self {
    TlsTransport* transport;
  };

  void serve_readable() override;
  void serve_writable() override;
  void reading_resumed() override { read_again_later(); }
  void leaving() override { forget_posted(); }

  std::size_t fill(std::span<std::byte> buffer, IoResult& last);
  /// True when nothing is unsent.
  bool flush_record();
  void keep_record(std::span<const std::byte> record, IoStatus status);
  void read_again_later();
  void forget_posted();

  SslPtr ssl_;
  std::vector<std::byte> unsent_record_;
  std::shared_ptr<Self> posted_;  ///< null: no task is under way
  bool owner_waits_ = false;      ///< write() took less than offered
  bool read_wants_write_ = false;
};

}  // namespace sluice

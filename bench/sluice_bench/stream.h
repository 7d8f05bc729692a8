// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/socket.h>

#include "bench/sluice_bench/tls.h"

namespace sluice::bench {

enum class IoStatus : std::uint8_t { Done, WouldBlock, Closed };

struct IoResult {
  IoStatus status = IoStatus::Done;
  std::size_t bytes = 0;
};

/// One non-blocking TCP connection, plain or TLS.
/// Thread: its client's engine. Failures are values; `error` says why the last one happened.
class Stream {
 public:
  Stream() = default;
  ~Stream() { close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Begins to connect; the descriptor becomes writable when it is decided. false: no descriptor, or refused at once.
  /// `turn` counts connections: towards 127.0.0.0/8 the source address changes every kPortsPerAddress of them, because
  /// the kernel's search for a free port becomes slow when half of an address's ports are taken.
  bool open(const sockaddr_storage& address, socklen_t size, std::uint64_t turn);
  /// Is the connection up, now that the descriptor is writable?
  bool finish_open();
  /// Done: the handshake is over. WouldBlock: call again when ready.
  IoStatus handshake(SSL_CTX* context, const std::string& host);

  IoResult read(std::span<std::uint8_t> into);
  IoResult write(std::span<const std::uint8_t> from);
  void close();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool encrypted() const { return tls_ != nullptr; }
  [[nodiscard]] const std::string& error() const { return error_; }

  static constexpr std::uint64_t kPortsPerAddress = 4096;

 private:
  void choose_source(const sockaddr_storage& target, std::uint64_t turn);
  IoResult failed(const char* what);
  IoResult tls_result(int returned);

  int fd_ = -1;
  TlsSession tls_;
  std::string error_;
};

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/uio.h>

#include "shared/base/result.h"

struct ssl_st;  // OpenSSL's SSL

namespace sluice {

enum class IoStatus : std::uint8_t {
  Done,       ///< `bytes` were moved; at least one unless nothing was asked for
  WantRead,   ///< try again when the descriptor is readable
  WantWrite,  ///< try again when it is writable
  Closed,     ///< the peer ended its side in order (FIN, close_notify)
  Failed,     ///< `error` says why
};

struct IoResult {
  IoStatus status = IoStatus::Failed;
  std::size_t bytes = 0;
  ErrorCode error;
};

/// One non-blocking step on a descriptor, or on the TLS session over it. No exception, no SIGPIPE from sockets.
IoResult socket_read(int fd, std::span<std::byte> into);
IoResult socket_write(int fd, std::span<const iovec> from);
IoResult tls_read(ssl_st* ssl, std::span<std::byte> into);
/// A step that said WantRead or WantWrite must be repeated with the same bytes (at any address).
IoResult tls_write(ssl_st* ssl, std::span<const std::byte> from);
IoResult tls_handshake(ssl_st* ssl);
/// Sends close_notify, does not wait for the peer's.
IoResult tls_send_close(ssl_st* ssl);

/// The largest TLS record [RFC 8446 5.1]: what one tls_write() should carry.
inline constexpr std::size_t kTlsRecord = 16384;
/// Copies the beginning of `buffers`, from byte `skip` on, to `into`; returns how much.
std::size_t gather(std::span<const iovec> buffers, std::size_t skip, std::span<std::byte> into);
/// One record's worth of scratch memory of this thread; for the moment between gather() and tls_write().
std::span<std::byte> record_scratch();

}  // namespace sluice

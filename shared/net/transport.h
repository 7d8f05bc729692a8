// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include "shared/base/inline_task.h"
#include "shared/base/result.h"
#include "shared/base/shard.h"
#include "shared/net/address.h"

namespace sluice {

/// What a transport tells its owner. Called on the transport's shard; never from within a call of the owner's.
class TransportEvents {
 public:
  /// Bytes of the stream, in order. They are valid during the call only: keep what is unfinished.
  virtual void on_bytes(std::span<const std::byte> bytes) = 0;
  /// After a short write: there is room again.
  virtual void on_writable() = 0;
  /// The peer closed (no error) or the stream failed. No event follows. The owner may destroy the transport here.
  virtual void on_closed(ErrorCode why) = 0;

 protected:
  ~TransportEvents() = default;
};

/// What a TLS handshake proved about the client.
struct TlsIdentity {
  std::string common_name;         ///< CN of the verified client certificate, empty without one
  std::string distinguished_name;  ///< its subject as RFC 2253 text, empty without one
  std::string psk_identity;        ///< TLS-PSK identity, empty without one
};

/// Who is at the other end, as far as the transport knows. Cheap to copy.
struct TransportPeer {
  SocketAddress address;  ///< of the client: from the PROXY header or the proxy's HTTP header where one is trusted
  SocketAddress local;    ///< the address the client connected to
  std::shared_ptr<const TlsIdentity> identity;  ///< null: the transport knows none

  [[nodiscard]] std::string_view common_name() const { return text(&TlsIdentity::common_name); }
  [[nodiscard]] std::string_view distinguished_name() const { return text(&TlsIdentity::distinguished_name); }
  [[nodiscard]] std::string_view psk_identity() const { return text(&TlsIdentity::psk_identity); }

 private:
  [[nodiscard]] std::string_view text(std::string TlsIdentity::* field) const {
    return identity == nullptr ? std::string_view() : std::string_view(*identity.*field);
  }
};

/// A connected byte stream: TCP, TLS, or WebSocket (whose frames are invisible here).
/// Owner: the protocol's connection. Thread: the shard it was accepted on, or was moved to.
/// Destroying it closes the socket at once.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Begins to read and to report. `events` must outlive the transport.
  virtual void start(TransportEvents& events) = 0;
  /// Takes as many bytes as the stream accepts now and returns their number; when it is less than offered,
  /// on_writable() follows. A broken stream returns 0 and reports on_closed() later.
  virtual std::size_t write(std::span<const iovec> buffers) = 0;
  /// Stops and resumes reading (back-pressure to the peer). Bytes that were read already may still arrive.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  /// Sends what was accepted, then closes in the transport's own way (FIN, close_notify, close frame 1000).
  /// No event follows, also not on_closed().
  virtual void shutdown() = 0;
  /// Goes over to another shard; nothing is reported until `then` has run there, and until then the transport must
  /// neither be used nor destroyed.
  virtual void move_to(Shard& target, InlineTask then) = 0;

  [[nodiscard]] virtual const TransportPeer& peer() const = 0;
};

}  // namespace sluice

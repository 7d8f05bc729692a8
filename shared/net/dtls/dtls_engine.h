// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>

#include "shared/base/clock.h"
#include "shared/net/dtls/dtls_context.h"
#include "shared/net/dtls/dtls_credentials.h"
#include "shared/net/dtls/dtls_packet.h"
#include "shared/net/dtls/dtls_records.h"
#include "shared/net/dtls/dtls_wire.h"

namespace sluice {

class DtlsAssociation;

/// What a call of OpenSSL led to.
enum class DtlsStep : std::uint8_t {
  Waits,     ///< for the next record
  Finished,  ///< the handshake, now
  Data,      ///< of the application
  Closed,    ///< the peer sent close_notify
  Failed,    ///< the queue of errors says why
};

/// One association as OpenSSL sees it: its handshake, and with a suite that is no AEAD its records too.
/// OpenSSL keeps 16 KB for a handshake message as long as an SSL lives, and gives back no DTLS buffer by itself: what
/// can be is given back after each call.
/// Owner: its association. Thread: the shard.
class DtlsEngine {
 public:
  /// `wire` must outlive it. Null when memory is short.
  static std::unique_ptr<DtlsEngine> server(DtlsWire& wire, std::shared_ptr<const DtlsContext> context);
  static std::unique_ptr<DtlsEngine> client(DtlsWire& wire, std::shared_ptr<const DtlsCredentials> credentials,
                                            const DtlsSettings& settings);
  ~DtlsEngine();

  /// Takes the ClientHello whose cookie was good. False: OpenSSL does not like it.
  bool begin(const DatagramPath& path, std::span<const std::byte> hello);
  /// Goes on with `record`, which is emptied when it was read; to be called until it returns no Finished or Data.
  DtlsStep step(const DatagramPath& path, std::span<const std::byte>& record, std::span<std::byte> into,
                std::size_t& got);
  /// False: it is broken.
  bool write(const DatagramPath& path, std::span<const std::byte> content);
  void send_close_notify(const DatagramPath& path);
  /// Sends the flight again if it is due; false: it was sent too often.
  bool handle_timeout(const DatagramPath& path);
  /// How long until then; nothing: no answer is waited for.
  [[nodiscard]] std::optional<Duration> timeout() const;

  /// False: OpenSSL 3.0 would take a protected record as short as this for an error of its own and end the association.
  [[nodiscard]] bool bears(const DtlsRecord& record) const;
  /// True once the peer's ChangeCipherSpec has come: protected records are opened at once.
  [[nodiscard]] bool has_keys() const;
  [[nodiscard]] bool finished() const;
  [[nodiscard]] bool resumed() const;
  [[nodiscard]] bool is_server() const;
  /// What fits into one datagram.
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] std::shared_ptr<const TlsIdentity> identity() const;
  /// As server: who resumes its session proves that it had the key, not that it still has it.
  [[nodiscard]] bool still_known(const TlsIdentity& identity) const;
  /// The keys, without OpenSSL from now on; `window` says what has come. Nothing: the engine has to stay.
  [[nodiscard]] std::optional<DtlsRecords> take_over(ReplayWindow window);

  std::list<DtlsAssociation*>::iterator place;  ///< among the unfinished handshakes
  /// Of the ClientHello that began it, to tell it from another.
  std::array<std::byte, 32> random{};
  TimePoint deadline{};             ///< of the handshake
  std::uint32_t early_records = 0;  ///< that came protected before the handshake was finished
  bool data_came = false;           ///< application data has been read

 private:
  DtlsEngine(DtlsWire& wire, SslPtr ssl, const DtlsSettings& settings);
  void begin_call(const DatagramPath& path, std::span<const std::byte> record);
  void end_call();

  DtlsWire& wire_;
  std::shared_ptr<const DtlsContext> context_;          ///< as server
  std::shared_ptr<const DtlsCredentials> credentials_;  ///< as client
  SslPtr ssl_;
  std::uint64_t next_number_ = 0;  ///< of the next record that we send in epoch 1
  std::chrono::milliseconds retransmit_after_;
};

}  // namespace sluice

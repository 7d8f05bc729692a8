// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "shared/base/shard.h"
#include "shared/net/datagram.h"
#include "shared/net/dtls/dtls_association.h"
#include "shared/net/dtls/dtls_context.h"
#include "shared/net/dtls/dtls_cookies.h"
#include "shared/net/dtls/dtls_credentials.h"
#include "shared/net/dtls/dtls_peers.h"
#include "shared/net/dtls/dtls_records.h"
#include "shared/net/dtls/dtls_wire.h"

namespace sluice {

/// For an owner that wants to know when an association begins; on its shard, never from within a call of the owner's.
/// Its end is DatagramEvents::on_association_ended().
class DtlsEvents {
 public:
  /// As server or as client. If there was another association with this peer, its end was reported before.
  virtual void on_association_opened(const DatagramPath& path) = 0;
  /// What connect() began came to nothing. An association that was there before stays.
  virtual void on_connect_failed(const DatagramPath& path, ErrorCode why) {
    static_cast<void>(path);
    static_cast<void>(why);
  }

 protected:
  ~DtlsEvents() = default;
};

/// DTLS 1.2 [RFC 6347] between a socket's port below and an owner above, which sees datagrams: one per shard and
/// listener, for all peers of the socket, as server and as client.
/// A peer without a good cookie costs no memory; a bad record costs its sender alone. An association survives what
/// comes in the clear from its peer's address, until a new handshake from there has been finished. Owner: its listener.
/// Thread: its shard. No event follows from destroying it; call shutdown() first.
class DtlsPort final : public DatagramPort, public DatagramEvents, private DtlsAssociation::Owner, private TurnEnd {
 public:
  /// After so long a peer that did not get our last flight has given up, and OpenSSL is not needed any more.
  static constexpr auto kSettling = std::chrono::minutes(2);

  DtlsPort(Shard& shard, std::shared_ptr<const DtlsContext> context);
  ~DtlsPort();
  DtlsPort(const DtlsPort&) = delete;
  DtlsPort& operator=(const DtlsPort&) = delete;

  /// `below` reports to this port; all three must outlive it. What arrives before is dropped.
  void start(DatagramPort& below, DatagramEvents& above, DtlsEvents* associations = nullptr);
  /// For handshakes from now on, and as limits at once.
  void use(std::shared_ptr<const DtlsContext> context);
  /// Begins a handshake as client; a second one with the same peer takes the place of an unfinished first.
  /// Requires: started. Where several shards share a port, the answers must come to this one: the kernel chooses by the
  /// peer's address.
  void connect(const DatagramPath& path, std::shared_ptr<const DtlsCredentials> credentials);
  /// Says close_notify and forgets the peer. No event follows for it.
  void close(const DatagramPath& path);
  /// The same for all peers.
  void shutdown();

  [[nodiscard]] std::size_t associations() const { return peers_.associations(); }
  /// Unfinished ones as server.
  [[nodiscard]] std::size_t handshakes() const { return peers_.handshakes(); }

  // DatagramPort
  /// One record. What does not fit into one of `mtu` is dropped and counted; 1,152 bytes always fit into the default.
  void send(const DatagramPath& path, std::span<const std::byte> bytes) override;
  /// Null also if the peer proved nothing.
  [[nodiscard]] std::shared_ptr<const TlsIdentity> identity(const DatagramPath& path) const override;
  [[nodiscard]] bool secure() const override { return true; }
  /// Requires: started.
  [[nodiscard]] const SocketAddress& bound() const override { return wire_.below->bound(); }

  // DatagramEvents: of the port below
  void on_datagram(const Datagram& datagram) override;

 private:
  enum class Report : std::uint8_t { None, Ended, ConnectFailed };
  struct Ended {
    std::unique_ptr<DtlsAssociation> association;  ///< null: it did not come to be
    DatagramPath path;
    Report report = Report::None;
    ErrorCode why;
  };

  void on_association_timer(DtlsAssociation& association) override;
  void on_turn_end() override;

  void on_hello(const Datagram& datagram, const DtlsRecord& record);
  void ask_for_cookie(const DatagramPath& path, const DtlsRecord& hello);
  void accept(const DatagramPath& path, const DtlsRecord& record, const ClientHello& hello);
  void begin(const DatagramPath& path, std::unique_ptr<DtlsEngine> engine);
  void displace_oldest();
  [[nodiscard]] bool full_for(const DatagramPath& path) const;

  // These return false if the record means nothing to the association.
  bool serve(const DatagramPath& path, const DtlsRecord& record);
  bool serve(DtlsAssociation& association, const DatagramPath& path, const DtlsRecord& record);
  bool run(DtlsAssociation& association, const DatagramPath& path, std::span<const std::byte> record);
  bool open(DtlsAssociation& association, DtlsRecords& records, const DatagramPath& path, const DtlsRecord& record);
  bool on_alert(DtlsAssociation& association, std::span<const std::byte> alert);
  bool on_late_handshake(DtlsAssociation& association, std::span<const std::byte> message);

  void hear(DtlsAssociation& association, const DatagramPath& path);
  /// False: it did not live to see its first datagram.
  bool finish(DtlsAssociation& association);
  void settle(DtlsAssociation& association, ReplayWindow window);
  [[nodiscard]] std::size_t room(const DtlsAssociation& association) const;
  bool send_record(DtlsAssociation& association, const DatagramPath& path, DtlsContent type,
                   std::span<const std::byte> content);
  void send_alert(DtlsAssociation& association, int level, int description);
  void send_close_notify(DtlsAssociation& association);
  void arm(DtlsAssociation& association);

  /// OpenSSL's queue of errors says why.
  void fail(DtlsAssociation& association);
  void give_up(DtlsAssociation& association);
  void discard(DtlsAssociation& association, Report report, ErrorCode why = {});
  void retire(std::unique_ptr<DtlsAssociation> association, Report report, ErrorCode why = {});
  void report_ended();

  Shard& shard_;
  std::shared_ptr<const DtlsContext> context_;
  DatagramEvents* above_ = nullptr;
  DtlsEvents* associations_ = nullptr;
  DtlsWire wire_;
  DtlsCookies cookies_;
  DtlsCiphers ciphers_;
  DtlsPeers peers_;
  std::vector<Ended> ended_;         ///< of this turn: what is on the stack may still look at them
  std::size_t reported_ = 0;         ///< of ended_
  std::vector<std::byte> incoming_;  ///< content of the record at hand
  std::vector<std::byte> outgoing_;  ///< a record that is being sent, perhaps with content of the one at hand
};

}  // namespace sluice

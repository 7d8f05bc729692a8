// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "shared/base/shard.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/stream/stream_connection.h"
#include "shared/coap/stream/stream_home.h"
#include "shared/coap/stream/stream_settings.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// The messages of CoAP over TCP and TLS [RFC 8323], for all connections of one listener on one shard. A peer is a
/// connection: it comes with accept() and is gone with the stream. O(1) for each message.
///
/// Requires of the layer above: every request ends with one call of reply(), or of reject() where it gets no answer:
/// what waits for it (a Pong with Custody, the end after a Release) is told by that.
/// Owner: an endpoint. Thread: its shard.
class StreamCarrier final : public Carrier, private StreamHome {
 public:
  StreamCarrier(Shard& shard, const StreamSettings& settings, CarrierEvents& events);
  /// Closes every connection at once and tells nobody.
  ~StreamCarrier();
  StreamCarrier(const StreamCarrier&) = delete;
  StreamCarrier& operator=(const StreamCarrier&) = delete;

  /// A connection, whoever opened it; our CSM goes out first. Nobody after shutdown().
  PeerId accept(std::unique_ptr<Transport> transport);
  /// Sends Release to all; they end when their peers have closed them, or after `release_timeout`.
  void shutdown();
  /// Connections that still exist.
  [[nodiscard]] std::size_t connections() const { return count_; }

  void reply(const ReplyTo& to, Parts& parts) override;
  void acknowledge(const ReplyTo&) override {}
  /// Nothing is sent: a stream has no Reset.
  void reject(const ReplyTo& to) override;
  /// Confirm::Yes: Outcome::Acknowledged tells that the transport took the bytes, which is all that a stream knows;
  /// Waiting: it does not take them yet. Confirm::No: nothing is told.
  Sent send(PeerId peer, Parts& parts, Confirm confirm, Reminder reminder) override;
  void withdraw(PeerId, Reminder) override {}
  /// A connection stays as long as its stream does.
  void pin(PeerId) override {}
  void unpin(PeerId) override {}
  [[nodiscard]] TransportPeer peer(PeerId peer) const override;
  [[nodiscard]] bool known(PeerId peer) const override { return get(peer) != nullptr; }
  /// A stream cannot be had under another's address.
  [[nodiscard]] bool verified(PeerId peer) const override { return known(peer); }
  void set_verified(PeerId) override {}
  [[nodiscard]] std::size_t credit(PeerId peer) const override;
  /// Ping; Outcome::Acknowledged is its Pong.
  Sent probe(PeerId peer, Reminder reminder) override;
  [[nodiscard]] std::uint8_t largest_block(PeerId peer) const override;
  [[nodiscard]] std::size_t largest_message(PeerId peer) const override;
  [[nodiscard]] bool reliable() const override { return true; }

 private:
  struct Slot {
    std::unique_ptr<StreamConnection> connection;
    std::uint32_t generation = 1;
  };

  void ended(PeerId peer) override;
  void continue_later(PeerId peer) override;
  /// nullptr: gone, or about to go.
  [[nodiscard]] StreamConnection* get(PeerId peer) const;

  std::deque<Slot> slots_;  ///< slot 0 is nobody
  std::vector<std::uint32_t> free_;
  std::size_t count_ = 0;
  bool shut_down_ = false;
  std::shared_ptr<StreamCarrier*> self_;  ///< for tasks that may come after the carrier's end
};

}  // namespace sluice::coap

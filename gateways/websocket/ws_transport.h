// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gateways/websocket/ws_relay.h"
#include "shared/net/transport.h"

namespace sluice::ws {

/// A WebSocket connection as its owner sees it: a byte stream.
/// The connection itself stays on the shard that accepted it; after move_to() the relay carries bytes both ways.
/// Thread: the owner's shard, at first the one it was accepted on.
/// Between move_to() and its `then` the owner leaves the transport alone. After shutdown() it may destroy the
/// transport at once: what was accepted is still sent, and the closing handshake is finished without it.
class WsTransport final : public Transport, private RelayOwner {
 public:
  WsTransport(const std::shared_ptr<WsLink>& link, TransportPeer peer);
  ~WsTransport() override;

  void start(TransportEvents& events) override;
  std::size_t write(std::span<const iovec> buffers) override;
  void pause_reading() override;
  void resume_reading() override;
  void shutdown() override;
  void move_to(Shard& target, InlineTask then) override;
  [[nodiscard]] const TransportPeer& peer() const override { return peer_; }

 private:
  /// Sends what one turn has produced as one message.
  class Flusher final : public TurnEnd {
   public:
    explicit Flusher(WsTransport& transport) : transport_(transport) {}

   private:
    void on_turn_end() override { transport_.flush(); }
    WsTransport& transport_;
  };

  void flush();
  void on_relay_bytes(std::span<const std::byte> bytes) override;
  void on_relay_sent(std::size_t bytes) override;
  void on_relay_closed(ErrorCode why) override;

  const std::shared_ptr<WsRelay> relay_;
  const TransportPeer peer_;
  const std::size_t max_backlog_;
  Shard* shard_;
  TransportEvents* events_ = nullptr;
  std::vector<std::byte> pending_;  ///< of this turn
  std::size_t backlog_ = 0;         ///< accepted and not yet sent, pending_ included
  bool blocked_ = false;            ///< a write was short
  bool closed_ = false;             ///< shut down, or the peer is gone
  std::optional<Flusher> flusher_;  ///< bound to shard_
};

}  // namespace sluice::ws

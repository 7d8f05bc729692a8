// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gateways/websocket/ws_link.h"
#include "shared/base/inline_task.h"

namespace sluice::ws {

/// The owner's side of a relay, on the owner's shard.
class RelayOwner {
 public:
  virtual void on_relay_bytes(std::span<const std::byte> bytes) = 0;
  virtual void on_relay_sent(std::size_t bytes) = 0;
  virtual void on_relay_closed(ErrorCode why) = 0;

 protected:
  ~RelayOwner() = default;
};

/// What arrived while the owner was between two shards.
struct HeldInput {
  std::vector<std::byte> bytes;
  std::size_t sent = 0;
  std::optional<ErrorCode> closed;

  void append(std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }
};

/// Between a WebSocket connection on its home shard and its owner on any shard: direct calls while both are at home,
/// messages in order otherwise, with at most kWindow bytes under way towards the owner. Towards the connection the
/// owner counts its backlog.
/// Lifetime: counted, by the owner and by messages under way. The link is held and let go at home only.
/// Thread: each method says which shard calls it.
class WsRelay final : public std::enable_shared_from_this<WsRelay>, private LinkOwner {
 public:
  explicit WsRelay(std::shared_ptr<WsLink> link);

  // Called on the owner's shard.
  void start(RelayOwner& owner);
  void set_reading(bool wanted);
  void send(std::vector<std::byte> bytes);
  /// The closing handshake, after everything sent so far. The owner hears nothing more.
  void close();
  /// The socket is closed at once. The owner hears nothing more.
  void abort();
  /// After on_relay_closed(): the link ends by itself.
  void let_go();
  /// From then on the owner lives on `target`; `then` runs there before anything that is reported there.
  void move(Shard& target, InlineTask then);

 private:
  static constexpr std::size_t kWindow = 256 * 1024;

  void at_home(InlineTask task);

  // At home.
  void on_link_bytes(std::span<const std::byte> bytes) override;
  void on_link_sent(std::size_t bytes) override;
  void on_link_closed(ErrorCode why) override;
  void update_reading();
  void hand_over(Shard& target, InlineTask then, HeldInput carried);
  void release();

  // On the owner's shard.
  void deliver_bytes(std::span<const std::byte> bytes);
  void deliver_sent(std::size_t bytes);
  void deliver_closed(ErrorCode why);

  Shard& home_;

  // At home.
  std::shared_ptr<WsLink> link_;
  Shard* owner_shard_;
  std::optional<HeldInput> held_;  ///< set while the owner moves
  std::size_t under_way_ = 0;      ///< bytes posted to the owner and not yet taken
  bool wanted_ = false;

  // On the owner's shard.
  RelayOwner* owner_ = nullptr;
  std::optional<HeldInput> carried_;  ///< set while the owner moves: what was under way to its old shard
};

}  // namespace sluice::ws

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "shared/base/shard.h"
#include "shared/net/handshake.h"
#include "shared/net/listener.h"

namespace sluice {

/// One shard's part of a Listener: its listening socket and its unfinished handshakes.
/// Accepts a bounded number per turn. When descriptors run out, a reserve is spent to accept and close, so that clients
/// learn at once that they are not served, and then accepting rests for kExhaustedRest: no core is burnt. Only one
/// listener of the process accepts at a time: none takes the place of a reserve that another has just let go.
/// Owner: the Listener. Thread: its shard's after start().
class ShardListener final : private Pollable, private WheelTimer, private Handshake::Owner {
 public:
  ShardListener(Shard& shard, const Listener::OnAccept& on_accept, UniqueFd socket, SocketAddress bound);
  ~ShardListener();

  /// Begins to accept; that the kernel takes no more watches is logged.
  void start(ListenerStatePtr state);
  /// Later connections get `state`.
  void use(ListenerStatePtr state);
  void stop();

  [[nodiscard]] int fd() const { return socket_.get(); }

  static constexpr int kAcceptsPerTurn = 64;
  static constexpr auto kExhaustedRest = std::chrono::milliseconds(100);

 private:
  void on_ready(std::uint32_t events) override;
  void on_timer(TimePoint now) override;
  void handshake_over(Handshake& handshake, AcceptedSocket socket) override;

  /// False: nothing more to accept in this turn.
  bool accept_one();
  void admit(UniqueFd fd, const sockaddr_storage& peer);
  void hand_over(AcceptedSocket socket);
  bool rate_allows();
  void refuse_exhausted(int error);
  void rest(Duration time);
  void watch(std::uint32_t events);

  Shard& shard_;
  const Listener::OnAccept& on_accept_;
  UniqueFd socket_;
  UniqueFd reserve_;
  const SocketAddress bound_;
  ListenerStatePtr state_;
  std::optional<TokenBucket> rate_;
  std::unordered_map<Handshake*, std::unique_ptr<Handshake>> handshakes_;
  bool watched_ = false;
};

}  // namespace sluice

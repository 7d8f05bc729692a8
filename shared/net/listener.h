// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/address.h"
#include "shared/net/explained.h"
#include "shared/net/listener_settings.h"
#include "shared/net/listener_state.h"

namespace sluice {

class ShardListener;

/// One configured stream listener: a socket per shard on the same port (SO_REUSEPORT), so that accepted connections
/// stay on the shard that accepted them.
/// A connection passes, in this order: access rules, `max_clients`, PROXY header, TLS handshake; then `on_accept` gets
/// it on its shard. What fails on the way is counted in probe() and, rate-limited, logged.
/// Owner: the module that serves the protocol. Thread: the control thread's; probe() may be kept and read anywhere.
class Listener {
 public:
  /// Called on a shard's thread, concurrently for different shards.
  using OnAccept = std::function<void(Shard&, AcceptedSocket)>;

  /// Binds on every shard, so that bound() is known and clients can queue; nobody is accepted before start().
  /// The port is first bound without SO_REUSEPORT, which would hide that it is taken. The error names listener,
  /// address and key.
  static Explained<std::unique_ptr<Listener>> open(ShardGroup& shards, ListenerSettings settings, OnAccept on_accept);
  /// Requires: stopped, or the shards no longer run.
  ~Listener();

  /// Accepts from now on (as soon as the shards run).
  void start();
  /// Closes the listening sockets and every unfinished handshake; returns when no on_accept can follow. Accepted
  /// connections stay. Requires running shards if start() was called.
  void stop();
  /// What open() would say of these settings before it binds: address and TLS files. Empty: nothing is wrong.
  static std::string check(const ListenerSettings& settings);
  /// Takes over the settings that concern single connections, certificates and keys included, for connections from now
  /// on. Empty: done; otherwise key, file and reason, and everything stays as it was. Address, acceptors, backlog and
  /// reuseaddr stay: they need a new listener.
  std::string reconfigure(ListenerSettings settings);
  /// Loads certificates and keys again, as reconfigure() with the same settings.
  std::string reload_certificates() { return reconfigure(settings()); }

  /// The real address: with the port that the kernel chose for port 0.
  [[nodiscard]] SocketAddress bound() const { return bound_; }
  [[nodiscard]] const ListenerSettings& settings() const { return state_->settings; }
  [[nodiscard]] const ListenerProbe& probe() const { return *state_->probe; }

 private:
  Listener(ShardGroup& shards, ListenerStatePtr state, OnAccept on_accept);
  std::string bind_all(const SocketAddress& wanted);

  ShardGroup& shards_;
  ListenerStatePtr state_;
  const OnAccept on_accept_;
  SocketAddress bound_;
  bool started_ = false;
  std::vector<std::unique_ptr<ShardListener>> parts_;  ///< one per shard; touched on its shard once started
};

}  // namespace sluice

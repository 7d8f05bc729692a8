// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/shard.h"
#include "shared/net/address.h"
#include "shared/net/explained.h"
#include "shared/net/udp/udp_probe.h"
#include "shared/net/udp/udp_settings.h"
#include "shared/net/udp/udp_socket.h"

namespace sluice {

/// One configured UDP listener: a socket per shard on the same port (SO_REUSEPORT). The kernel spreads peers over the
/// shards by address and port: the datagrams of one peer's port come to one shard.
/// Owner: the module that serves the protocol. Thread: the control thread's; count() anywhere.
class UdpListener {
 public:
  /// Who gets a shard's datagrams; called once on each shard's thread. The events must live until stop() returns.
  using EventsOf = std::function<DatagramEvents&(Shard&)>;

  /// Binds on every shard, so that bound() is known and datagrams can queue; nothing is received before start().
  /// The port is first bound without SO_REUSEPORT, which would hide that it is taken. The error names listener,
  /// address and key.
  static Explained<std::unique_ptr<UdpListener>> open(ShardGroup& shards, UdpSettings settings);
  /// Requires: stopped, or the shards no longer run.
  ~UdpListener();

  /// Receives from now on (as soon as the shards run).
  void start(EventsOf events_of);
  /// Closes the sockets; returns when no event can follow. on() stays valid and sends nothing any more. Requires
  /// running shards if start() was called.
  void stop();
  /// What open() would say of these settings before it binds. Empty: nothing is wrong.
  static std::string check(const UdpSettings& settings);
  /// Takes over access rules, `max_datagram`, `batches_per_turn` and `max_queued`. Address, buffers and groups stay:
  /// they need a new listener.
  void reconfigure(const UdpSettings& settings);

  /// The real address: with the port that the kernel chose for port 0.
  [[nodiscard]] const SocketAddress& bound() const { return sockets_.front()->bound(); }
  [[nodiscard]] const UdpSettings& settings() const { return *settings_; }
  /// The shard's part; to be used on its thread, from start() on.
  [[nodiscard]] UdpSocket& on(const Shard& shard) { return *sockets_[shard.index()]; }
  /// Since the start, over all shards; exact once the shards rest.
  [[nodiscard]] std::uint64_t count(UdpCount what) const;

 private:
  UdpListener(ShardGroup& shards, UdpSettings settings);

  ShardGroup& shards_;
  std::shared_ptr<const UdpSettings> settings_;
  bool started_ = false;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;  ///< one per shard; touched on its shard once started
};

}  // namespace sluice

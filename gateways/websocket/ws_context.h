// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "broker/api/stream_port.h"
#include "gateways/websocket/ws_settings.h"
#include "shared/base/shard.h"

namespace sluice::ws {

/// Something that must be gone before the gateway is: a request or a connection.
/// Thread: the shard it was accepted on.
class Member {
 public:
  /// The server goes down: say so to the peer (close code 1001) and end.
  virtual void go_away() = 0;
  /// The time for that is over.
  virtual void abort() = 0;

 protected:
  ~Member() = default;
};

/// What all connections of one listener share. Thread safety: as said at each member.
class Context {
 public:
  Context(WsSettings settings, const StreamPort& port, std::shared_ptr<const ListenerTraits> traits, std::size_t shards)
      : port_(port),
        members_(shards),
        traits_(std::move(traits)),
        settings_(std::make_shared<const WsSettings>(std::move(settings))) {}

  /// For connections from now on; a connection keeps what it began with. Any thread.
  [[nodiscard]] std::shared_ptr<const WsSettings> settings() const;
  [[nodiscard]] std::shared_ptr<const ListenerTraits> traits() const;
  void reconfigure(WsSettings settings, std::shared_ptr<const ListenerTraits> traits);
  [[nodiscard]] const StreamPort& port() const { return port_; }

  /// True once the gateway stops: closing says 1001 instead of 1000. Any thread.
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  void set_stopping() { stopping_.store(true, std::memory_order_relaxed); }

  /// Takes one of `deflate_max_clients` places. Any thread.
  bool take_deflate(const DeflateSettings& settings);
  void give_back_deflate() { deflating_.fetch_sub(1, std::memory_order_relaxed); }

  /// On the member's shard.
  void join(Shard& shard, Member& member);
  void leave(Shard& shard, Member& member);
  /// Calls `tell` for every member of the shard; on that shard.
  void for_each(Shard& shard, void (Member::*tell)());
  /// Waits until all members have left; false when `limit` has passed. From no shard's thread.
  bool wait_until_empty(std::chrono::milliseconds limit);

 private:
  const StreamPort& port_;
  std::vector<boost::unordered_flat_set<Member*>> members_;  ///< one set per shard, used there only
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint32_t> deflating_{0};
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::shared_ptr<const ListenerTraits> traits_;  ///< under mutex_
  std::shared_ptr<const WsSettings> settings_;    ///< under mutex_
  std::size_t alive_ = 0;                         ///< under mutex_
};

}  // namespace sluice::ws

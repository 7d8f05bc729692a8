// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/rate_limiter.h"
#include "shared/net/stream_io.h"

namespace sluice {

/// What an operation of an AsioStream has to wait for.
enum class AsioWait : std::uint8_t { None, Readable, Writable, Tokens };

/// The part of AsioStream that is no template: descriptor, TLS session, limits.
/// Owner: its AsioStream. Thread: its shard's.
class AsioStreamCore final : private WheelTimer {
 public:
  AsioStreamCore(Shard& shard, AcceptedSocket socket);
  ~AsioStreamCore();

  static constexpr std::size_t kGather = 16;  ///< buffers that leave in one system call

  [[nodiscard]] boost::asio::io_context& io() { return shard_.io(); }
  [[nodiscard]] Shard& shard() { return shard_; }
  [[nodiscard]] const TransportPeer& peer() const { return peer_; }
  [[nodiscard]] ListenerState* listener() const { return slot_.get(); }
  [[nodiscard]] bool is_open() const { return descriptor_.is_open(); }
  void close();
  void shutdown();

  /// None: `result` is final. Otherwise: wait, then try again with the same bytes.
  AsioWait try_read(std::span<std::byte> into, IoResult& result);
  AsioWait try_write(std::span<const iovec> from, IoResult& result);

  template <class Handler>
  void wait(AsioWait what, Handler&& handler) {
    using Descriptor = boost::asio::posix::stream_descriptor;
    if (what == AsioWait::Tokens) {
      tokens_->timer.async_wait(std::forward<Handler>(handler));
    } else {
      descriptor_.async_wait(what == AsioWait::Readable ? Descriptor::wait_read : Descriptor::wait_write,
                             std::forward<Handler>(handler));
    }
  }

  /// The error an Asio handler expects: eof for an orderly end.
  static boost::system::error_code completion(const IoResult& result);

 private:
  struct Tokens {
    Tokens(RateLimit limit, Shard& shard) : bucket(limit, shard.now()), timer(shard.io()) {}
    TokenBucket bucket;
    boost::asio::steady_timer timer;
  };

  void on_timer(TimePoint now) override;
  static AsioWait waiting(IoStatus status);

  Shard& shard_;
  const AsioUse asio_use_;
  boost::asio::posix::stream_descriptor descriptor_;
  SslPtr ssl_;
  TransportPeer peer_;
  ListenerSlot slot_;
  std::unique_ptr<Tokens> tokens_;
  std::uint32_t unsent_ = 0;  ///< in the kernel when the send timeout was armed
};

}  // namespace sluice

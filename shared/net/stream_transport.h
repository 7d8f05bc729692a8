// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/rate_limiter.h"
#include "shared/net/transport.h"

namespace sluice {

/// What TCP and TLS transports have in common: the descriptor in the poller, pausing, limits, moving, closing.
/// Thread: its shard's. Memory: at most 160 bytes for TCP, whatever the peer is; keep it so.
class StreamTransport : public Transport, protected Pollable, protected WheelTimer {
 public:
  ~StreamTransport() override;
  StreamTransport(const StreamTransport&) = delete;
  StreamTransport& operator=(const StreamTransport&) = delete;

  void start(TransportEvents& events) override;
  void pause_reading() override;
  void resume_reading() override;
  void move_to(Shard& target, InlineTask then) override;
  [[nodiscard]] const TransportPeer& peer() const override { return peer_; }

  static constexpr std::size_t kReadPerTurn = 64 * 1024;  ///< fairness: bytes of one connection in one turn

 protected:
  StreamTransport(Shard& shard, UniqueFd fd, TransportPeer peer, ListenerSlot slot);

  /// The descriptor can be read, has ended or has failed. May end with a call of on_bytes or close_with, after which
  /// *this may be gone.
  virtual void serve_readable() = 0;
  /// It can be written and block_writing() was called since. Same freedom.
  virtual void serve_writable() = 0;
  /// Reading goes on after a pause, a start or a move: the moment to look at bytes that TLS holds already.
  virtual void reading_resumed() {}
  /// Before the transport leaves its shard.
  virtual void leaving() {}

  [[nodiscard]] Shard& shard() { return *shard_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] TransportEvents& events() { return *events_; }
  [[nodiscard]] bool open() const { return fd_.get() >= 0; }
  [[nodiscard]] bool writable() const { return open() && !has(kBroken); }
  [[nodiscard]] bool reading() const { return open() && (flags_ & (kPausedByOwner | kPausedByLimit)) == 0; }

  /// Bytes that may be read now, at most `most`; `rate_limit` may make it less.
  std::size_t read_allowance(std::size_t most);
  /// Counts bytes that were read; may pause for `rate_limit`.
  void received(std::size_t bytes);
  /// Waits until the descriptor is writable (or readable, when TLS wants that); starts `send_timeout`.
  void block_writing(bool until_readable = false);
  void unblock_writing();
  /// After a failed write: on_closed() follows from the poller.
  void break_stream();
  /// Closes the descriptor and reports. *this may be gone afterwards.
  void close_with(ErrorCode why);
  /// Gives up what linger() needs; the transport is closed without a report.
  UniqueFd release_fd();
  ListenerSlot release_slot() { return std::move(slot_); }

 private:
  class ReadLimit;
  enum Flag : std::uint16_t {
    kRegistered = 1,
    kPausedByOwner = 2,
    kPausedByLimit = 4,
    kWantWritable = 8,
    kWantReadable = 16,  ///< although paused: TLS cannot write before
    kBroken = 32,
    kWritableNext = 64,  ///< when both are ready they take turns
  };
  [[nodiscard]] bool has(Flag flag) const { return (flags_ & flag) != 0; }
  void set(Flag flag) { flags_ = static_cast<std::uint16_t>(flags_ | flag); }
  void clear(Flag flag) { flags_ = static_cast<std::uint16_t>(flags_ & ~flag); }

  void on_ready(std::uint32_t ready) final;
  void on_timer(TimePoint now) final;
  void enter_poller();
  void leave_poller();
  void update_interest();
  [[nodiscard]] std::uint32_t interest() const;
  void limit_over();
  ErrorCode socket_error() const;

  Shard* shard_;
  TransportEvents* events_ = nullptr;
  TransportPeer peer_;
  ListenerSlot slot_;
  std::unique_ptr<ReadLimit> limit_;  ///< null: no `rate_limit`
  UniqueFd fd_;
  std::uint32_t unsent_ = 0;  ///< bytes in the kernel when the send timeout was armed last
  std::uint16_t flags_ = 0;
};

/// Bytes the kernel has not yet delivered to the peer.
std::uint32_t unsent_bytes(int fd);
/// Writes the log line and the counters of a send timeout.
void report_send_timeout(const TransportPeer& peer, ListenerState* listener);

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "broker/mqtt/connection/front_end.h"
#include "broker/mqtt/protocol/machine.h"
#include "shared/base/timing_wheel.h"

namespace sluice::mqtt {

/// One MQTT client on one byte stream: feeds the machine with frames, does what it asks for, and flushes once per
/// turn. The only impure part of the front end.
/// An idle connection owns no buffer: input is parsed where the transport read it, and only an unfinished tail is
/// kept; output is borrowed from the shard's pool until it is sent.
/// Owner: itself, on its shard's list; destroyed at the end of the turn in which it was closed.
class Connection final : private TransportEvents, private Effects, private WheelTimer, private TurnEnd {
 public:
  Connection(FrontEnd& front_end, ShardFrontEnd& home, std::unique_ptr<Transport> transport,
             std::shared_ptr<const ListenerTraits> listener);
  ~Connection();

  /// Registers with the shard and begins to read.
  void start();
  /// Closes it if no session holds it.
  void close_if_idle();

 private:
  friend struct ShardFrontEnd;
  friend class FrontEnd;

  // TransportEvents.
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_writable() override;
  void on_closed(ErrorCode why) override;
  // Effects.
  std::span<std::byte> output(std::size_t size) override;
  void output(const MessagePtr& message, std::span<const std::byte> bytes) override;
  [[nodiscard]] std::size_t backlog() const override { return output_ && blocked_ ? output_->pending() : 0; }
  void set_keep_alive(Duration timeout) override;
  void deadline_changed() override { arm_timer(); }
  void pause_input(Duration how_long) override;
  void resume_input() override;
  void move_to(Shard& shard) override;
  void close() override;
  [[nodiscard]] const TransportPeer& peer() const override { return transport_->peer(); }
  [[nodiscard]] const std::shared_ptr<const ListenerTraits>& listener() const override { return listener_; }
  [[nodiscard]] TimePoint now() const override { return home_->shard.now(); }
  // WheelTimer: keep-alive, idle time-out, end of a pause, the machine's deadline.
  void on_timer(TimePoint now) override;
  // TurnEnd: flush, continue with input, destroy.
  void on_turn_end() override;

  void consume(std::span<const std::byte> bytes);
  std::size_t feed(std::span<const std::byte> bytes);
  void keep_tail(std::span<const std::byte> rest);
  OutputBuffer& buffer();
  void flush();
  void arm_timer();
  [[nodiscard]] TimePoint silence_ends() const;
  void link();
  void unlink();
  void migrate();

  /// A turn's output leaves early from this size on, so that it neither grows nor leaves the cache.
  static constexpr std::size_t kFlushAt = 128 * 1024;
  static constexpr Duration kCoarseFrom = std::chrono::seconds(10);  ///< of silence: deadlines are to the second

  FrontEnd& front_end_;
  ShardFrontEnd* home_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<const ListenerTraits> listener_;
  std::shared_ptr<const MqttSettings> settings_;
  std::unique_ptr<std::vector<std::byte>> tail_;  ///< the beginning of a packet whose end has not come
  std::unique_ptr<OutputBuffer> output_;          ///< only while there is output
  Connection* next_ = nullptr;
  Connection* previous_ = nullptr;
  Shard* moving_to_ = nullptr;
  TimePoint last_input_;
  TimePoint paused_until_{};
  Duration silence_allowed_;  ///< zero: any
  Machine machine_;
  bool blocked_ = false;   ///< the transport took less than was offered
  bool held_ = false;      ///< reading is paused because the machine does not accept input
  bool continue_ = false;  ///< input that was held back may go on
  bool closed_ = false;
};

}  // namespace sluice::mqtt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "broker/api/client_handle.h"
#include "broker/api/delivery_sink.h"
#include "broker/session/inflight_window.h"
#include "broker/session/outbound_queue.h"
#include "broker/session/session_settings.h"
#include "shared/base/clock.h"

namespace sluice::session {

/// Why a message was given up on its way to a client.
enum class DropReason : std::uint8_t { QueueFull, Expired, SlowReader, TooLarge, Offline };
std::string_view drop_reason_name(DropReason reason);

/// What the flow tells its session. Called from within the flow's functions; must not call back into it.
class OutboundEvents {
 public:
  virtual void on_sent(const QueuedMessage& queued) = 0;
  virtual void on_acked(const Message& message) = 0;
  virtual void on_dropped(const Message& message, DropReason why) = 0;
  /// The queue rose above its high watermark, or fell below the low one.
  virtual void on_watermark(bool high) = 0;

 protected:
  ~OutboundEvents() = default;
};

/// The way from a session to its client for everything that must wait or be acknowledged: queue, inflight window,
/// acknowledgements and resending.
/// Owner: a session, which makes one when the first message needs it. Thread: the session's shard.
class OutboundFlow {
 public:
  OutboundFlow(OutboundEvents& events, const SessionSettings& settings) : events_(events), settings_(settings) {}

  /// A client is attached that takes `maximum` unacknowledged messages.
  void attach(DeliverySink& sink, std::size_t maximum);
  void detach();
  /// Sends again what is unacknowledged, then what is queued, as far as the client's window allows.
  void resume(TimePoint now, UnixMillis wall_now);

  /// Takes a message: sends it if the order allows, else queues it.
  void deliver(QueuedMessage queued, TimePoint now, UnixMillis wall_now);
  /// Success, or PacketIdentifierNotFound.
  Reason acknowledge(Ack ack, PacketId packet_id, Reason reason, TimePoint now, UnixMillis wall_now);
  void writable(TimePoint now, UnixMillis wall_now);
  /// Sends again what was sent before `before` and is still unacknowledged (MQTT 3 only).
  void retry(TimePoint before, TimePoint now);

  [[nodiscard]] bool idle() const { return window_.empty() && queue_.empty(); }
  [[nodiscard]] bool awaiting() const { return !window_.empty(); }
  [[nodiscard]] bool busy() const { return busy_; }
  void set_busy() { busy_ = true; }
  [[nodiscard]] std::size_t inflight() const { return window_.size(); }
  [[nodiscard]] std::size_t awaiting_completion() const { return window_.awaiting_completion(); }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Messages that had to wait in the queue, since the flow exists.
  [[nodiscard]] std::uint64_t enqueued() const { return enqueued_; }

  /// The session ends: visits what another member of a shared group may have [MQTT-4.8.2-4]: f(QueuedMessage&). Takes
  /// back the alarm of a long queue, which ends with it.
  void for_each_shared(const std::function<void(QueuedMessage&)>& f);

 private:
  void enqueue(QueuedMessage queued);
  /// False if the client does not read: the message was put back.
  bool send(QueuedMessage queued, TimePoint now);
  void pump(TimePoint now, UnixMillis wall_now);
  bool resend_one(TimePoint now);
  void redeliver(PacketId id, InflightWindow::Entry& entry);
  void check_watermarks();

  OutboundEvents& events_;
  const SessionSettings& settings_;
  DeliverySink* sink_ = nullptr;
  std::size_t maximum_ = 0;
  InflightWindow window_;
  OutboundQueue queue_;
  std::uint64_t enqueued_ = 0;
  bool busy_ = false;
  bool above_high_ = false;
};

}  // namespace sluice::session

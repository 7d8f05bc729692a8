// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "broker/api/client_handle.h"
#include "broker/api/delivery_sink.h"
#include "broker/session/inflight_window.h"
#include "broker/session/outbound_queue.h"
#include "broker/session/session_settings.h"
#include "shared/base/clock.h"

namespace sluice::session {

/// Why a message was given up on its way to a client.
enum class DropReason : std::uint8_t { QueueFull, Expired, SlowReader, TooLarge, Offline, StorageFull, Unreadable };
std::string_view drop_reason_name(DropReason reason);

/// What the flow tells its session, and asks of it. Called from within the flow's functions; must not call back into
/// it.
class OutboundEvents {
 public:
  virtual void on_sent(const QueuedMessage& queued) = 0;
  virtual void on_acked(const QueuedMessage& queued) = 0;
  /// Its message may be empty: only the store had it.
  virtual void on_dropped(const QueuedMessage& queued, DropReason why) = 0;
  /// It has left for good, acknowledged or dropped; called behind the others.
  virtual void on_settled(const QueuedMessage& queued) = 0;
  /// PUBREC: of the message nothing is left but its id. Called before release().
  virtual void on_received(const QueuedMessage& queued) = 0;
  /// To be passed to the sink as soon as what went before is safe: deliver_release(id). True: it waits for that, and
  /// take_release() is to be asked then.
  virtual bool release_to_client(PacketId id) = 0;
  /// Messages that only the store has: on_loaded() is to be called with them later.
  virtual void load(std::vector<Place> places) = 0;
  /// The queue rose above its high watermark, or fell below the low one.
  virtual void on_watermark(bool high) = 0;
  /// The queue is full, and something was dropped or refused for it: `topic` is that of the message which came. Once,
  /// until on_overflow_over().
  virtual void on_overflow(std::string_view topic) = 0;
  /// The queue has fallen to its low watermark since.
  virtual void on_overflow_over() = 0;

 protected:
  ~OutboundEvents() = default;
};

/// What the store had under a place; the message is empty if it could not be read.
struct LoadedMessage {
  Place place = 0;
  MessagePtr message;
  bool damaged = false;  ///< the store has it, but not as it was written: its record is left for whoever mends it
};

/// The way from a session to its client for everything that must wait or be acknowledged: queue, inflight window,
/// acknowledgements and resending. Of a message that the store has, memory keeps the body only while it is about to be
/// sent: what waits behind kWarm others, or for a client that is away, is cold, and read back when its turn comes.
/// Owner: a session, which makes one when the first message needs it. Thread: the session's shard.
class OutboundFlow {
 public:
  /// Messages at the head of a queue that stay in memory while the client is connected.
  static constexpr std::size_t kWarm = 128;
  /// Messages that are read back at once.
  static constexpr std::size_t kPage = 64;

  OutboundFlow(OutboundEvents& events, const SessionSettings& settings) : events_(events), settings_(settings) {}

  /// A client is attached that takes `maximum` unacknowledged messages.
  void attach(DeliverySink& sink, std::size_t maximum);
  void detach();
  /// Sends again what is unacknowledged, then what is queued, as far as the client's window allows; if it is announced.
  void resume(TimePoint now, UnixMillis wall_now);

  /// Takes a message: sends it if the order allows, else queues it.
  void deliver(QueuedMessage&& queued, TimePoint now, UnixMillis wall_now);
  /// Success, or PacketIdentifierNotFound.
  Reason acknowledge(Ack ack, PacketId packet_id, Reason reason, TimePoint now, UnixMillis wall_now);
  void writable(TimePoint now, UnixMillis wall_now);
  /// Sends again what was sent before `before` and is still unacknowledged (MQTT 3 only).
  void retry(TimePoint before, TimePoint now);
  /// The answer to OutboundEvents::load.
  void on_loaded(std::span<LoadedMessage> loaded, TimePoint now, UnixMillis wall_now);

  /// Until restore(), an earlier server's queue is still to come: everything waits behind it.
  void await_restore() { awaiting_restore_ = true; }
  /// Until announced(), the store may still say that the client is away: what was sent now, the next server would send
  /// again as if for the first time [MQTT-3.3.1-1]. So everything waits.
  void await_announcement() { unannounced_ = true; }
  void announced(TimePoint now, UnixMillis wall_now);
  [[nodiscard]] bool awaiting_restore() const { return awaiting_restore_; }
  /// An earlier server's queue, in order, with messages (which become cold); what has come meanwhile goes behind it.
  /// The first `window` of those that may have been sent (`resent`) are in flight, as they were: like all that was
  /// acknowledged to its publishers they have their place whatever the limit of the queue is now.
  void restore(std::vector<QueuedMessage> queue, std::vector<QueuedMessage> released, std::size_t window);

  [[nodiscard]] bool idle() const { return window_.empty() && queue_.empty(); }
  [[nodiscard]] bool awaiting() const { return !window_.empty(); }
  [[nodiscard]] bool busy() const { return busy_; }
  void set_busy() { busy_ = true; }
  [[nodiscard]] std::size_t inflight() const { return window_.size(); }
  [[nodiscard]] std::size_t awaiting_completion() const { return window_.awaiting_completion(); }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Of them, messages of QoS 1 and 2.
  [[nodiscard]] std::size_t queued_above_qos0() const { return queue_.above_qos0(); }
  /// Messages that had to wait in the queue, since the flow exists.
  [[nodiscard]] std::uint64_t enqueued() const { return enqueued_; }
  /// Whatever was sent has a lower place.
  [[nodiscard]] Place sent_below() const { return window_.next(); }
  /// The wait that release_to_client() told of is over. False: the release is not wanted any more.
  bool take_release(PacketId id);

  /// A message was refused because the queue is full.
  void note_refused(std::string_view topic) { begin_overflow(topic); }
  /// The limits in the settings are others than before: an alarm that they do not justify any more ends.
  void on_new_limits();
  /// The session ends, and the alarms about its queue with it.
  void end_alarms();

  /// The session ends: visits what another member of a shared group may have [MQTT-4.8.2-4]: f(QueuedMessage&).
  void for_each_shared(const std::function<void(QueuedMessage&)>& f);
  /// Visits everything that is not settled.
  void for_each(const std::function<void(const QueuedMessage&)>& f);

 private:
  /// Nothing may be sent, whatever the window.
  [[nodiscard]] bool stopped() const { return sink_ == nullptr || busy_ || awaiting_restore_ || unannounced_; }
  void enqueue(QueuedMessage&& queued);
  void push(QueuedMessage&& queued, bool cold);
  /// False if the client does not read: the message was put back.
  bool send(QueuedMessage&& queued, TimePoint now);
  void pump(TimePoint now, UnixMillis wall_now);
  bool resend_one(TimePoint now);
  void redeliver(PacketId id, InflightWindow::Entry& entry, TimePoint now);
  void release(PacketId id, InflightWindow::Entry& entry);
  /// What is to be sent first, so that it is there when it may be.
  void prefetch();
  void request_page();
  void give_up(const QueuedMessage& queued, DropReason why);
  void complete(InflightWindow::Entry& entry);
  void take(std::span<LoadedMessage> loaded);
  void check_watermarks();
  void begin_overflow(std::string_view topic);
  void end_overflow();
  void set_above_high(bool above);

  OutboundEvents& events_;
  const SessionSettings& settings_;
  DeliverySink* sink_ = nullptr;
  std::size_t maximum_ = 0;
  InflightWindow window_;
  OutboundQueue queue_;
  std::uint64_t enqueued_ = 0;
  bool busy_ = false;
  bool above_high_ = false;
  bool overflowing_ = false;       ///< between on_overflow() and on_overflow_over()
  bool loading_ = false;           ///< a page was asked for
  bool awaiting_restore_ = false;  ///< an earlier server's queue is still to come
  bool unannounced_ = false;       ///< between await_announcement() and announced()
};

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/broker_api.h"
#include "broker/api/client_handle.h"
#include "broker/auth/client_access.h"
#include "broker/hooks/hook_points.h"
#include "broker/session/durable_state.h"
#include "broker/session/inbound_qos2.h"
#include "broker/session/outbound_flow.h"
#include "broker/session/restored_session.h"
#include "broker/session/session_context.h"
#include "broker/session/subscription_list.h"
#include "shared/base/timing_wheel.h"

namespace sluice::session {

/// Who is, or was last, connected to a session.
struct ClientDetails {
  std::optional<std::string> username;
  SocketAddress address;
  std::shared_ptr<const ListenerTraits> listener;
  UnixMillis connected_at = 0;
  std::uint16_t keep_alive_seconds = 0;
  Protocol protocol = Protocol::Mqtt5;
  bool clean_start = true;
  bool superuser = false;
};

/// A session [MQTT5 4.1]: what the broker remembers of a client, connected or not. Implements the client's side of
/// the door (ClientPort) by handing each call to the pipeline that is responsible for it.
///
/// States: attached (a sink is bound) ⇄ detached (expiry or delayed will pending) → ended (destroyed).
/// Owner: itself, through SessionManager; destroyed by end(). Thread: one shard for its whole life.
class ClientSession final : public ClientPort, private WheelTimer, private OutboundEvents {
 public:
  ClientSession(SessionContext& context, std::string client_id);
  ~ClientSession() override;

  // ClientPort.
  [[nodiscard]] std::string_view client_id() const override { return client_id_; }
  PublishResult publish(const PublishRequest& request) override;
  [[nodiscard]] Reason may_publish(std::string_view topic) override;
  [[nodiscard]] bool awaits_release(PacketId packet_id) const override;
  Outcome release(PacketId packet_id) override;
  Reason acknowledge(Ack ack, PacketId packet_id, Reason reason) override;
  FilterOutcomes subscribe(std::span<const SubscribeRequest> requests, std::uint32_t subscription_id) override;
  FilterOutcomes unsubscribe(std::span<const std::string_view> filters) override;
  RetainedAnswer read_retained(std::string_view topic) override;
  RetainedSearch read_retained(std::string_view filter, std::size_t limit, OnRetained done) override;
  CommitTicket put_note(std::string_view note) override;
  void read_note(OnNote done) override;
  void writable() override;
  void close(const CloseRequest& request) override;

  // For SessionManager.
  /// Registers the session; false if slots ran out.
  bool open();
  /// Binds a client. Requires: detached.
  void attach(DeliverySink& sink, const ConnectRequest& request, std::uint32_t expiry_seconds, bool superuser);
  /// After the client has been told of its success: sends what waits for it, once the store knows that it is there.
  void resume();
  /// The front end is sent away (take-over, kick, shutdown), and told why; the session is detached.
  void evict(Reason reason);
  /// Ends the session and destroys it. A will that still waits is published first [MQTT-3.1.2-10].
  void end(Reason reason);
  /// From now on the session is kept on disk. Requires: open, and its context has records.
  void make_durable();
  /// The session as an earlier server left it. Requires: open, never attached.
  void restore(RestoredSession restored);
  /// Its queue, which is read later.
  void restore_queue(RestoredQueue restored);

  // For the dispatcher and the pipelines.
  /// A message for this client. `queued.qos` and `queued.retain` are final. What has a place waits until all lower
  /// places have come: the order of sending is that of the places, also for a server that is started anew
  /// [MQTT-4.6.0-1].
  void deliver(QueuedMessage&& queued);
  /// A message on `topic` was refused because this session's queue is full. The first of an episode is logged, and
  /// raises the alarm.
  void note_refused(std::string_view topic) { flow().note_refused(topic); }
  /// The context's settings have other limits of queues than before.
  void on_new_limits() {
    if (flow_) flow_->on_new_limits();
  }
  /// Room for messages that could as well wait: the client reads and its queue is less than half full.
  [[nodiscard]] bool ready_for_more() const;
  [[nodiscard]] SessionContext& context() { return context_; }
  [[nodiscard]] SessionRef ref() const { return ref_; }
  [[nodiscard]] const ClientDetails& details() const { return details_; }
  [[nodiscard]] hooks::ClientInfo info() const;
  [[nodiscard]] bool attached() const { return sink_ != nullptr; }
  /// Names it on disk; 0: it is not kept there.
  [[nodiscard]] storage::SessionId durable_id() const { return durable_ ? durable_->id : 0; }
  /// An earlier server's queue has not been read yet.
  [[nodiscard]] bool awaits_queue() const { return durable_ && durable_->awaits_queue; }
  /// The client will be told when the ticket is committed. Returns the ticket.
  CommitTicket await(CommitTicket ticket);
  [[nodiscard]] SubscriptionList& subscriptions() { return subscriptions_; }
  /// Under the rules of now.
  [[nodiscard]] bool allowed(auth::Action action, std::string_view topic);
  void clear_acl_cache() { access_.clear_cache(); }
  void clear_acl_cache(std::string_view topic) { access_.clear_cache(topic); }
  /// What stands before every topic of this client; empty for nothing.
  [[nodiscard]] std::string_view mountpoint() const { return mountpoint_ ? std::string_view(*mountpoint_) : ""; }
  /// The message as this client sees it. Requires: it has a mount point.
  [[nodiscard]] MessagePtr unmounted(const MessagePtr& message) const;

  // For administration.
  [[nodiscard]] std::size_t inflight() const { return flow_ ? flow_->inflight() : 0; }
  [[nodiscard]] std::size_t awaiting_completion() const { return flow_ ? flow_->awaiting_completion() : 0; }
  [[nodiscard]] std::size_t queued() const { return flow_ ? flow_->queued() : 0; }
  [[nodiscard]] std::uint64_t enqueued() const { return flow_ ? flow_->enqueued() : 0; }
  [[nodiscard]] std::size_t awaiting_release() const { return inbound_ ? inbound_->size() : 0; }
  [[nodiscard]] std::uint32_t expiry_seconds() const { return expiry_seconds_; }
  [[nodiscard]] UnixMillis created_at() const { return created_at_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }

 private:
  struct PendingWill {
    WillRequest request;
    TimePoint at{};        ///< set while it waits for its delay, or for the next try
    bool refused = false;  ///< it was due, and is tried again
  };

  // WheelTimer: retry while attached; expiry and delayed will while detached.
  void on_timer(TimePoint now) override;
  void arm_timer();
  // OutboundEvents.
  void on_sent(const QueuedMessage& queued) override;
  void on_acked(const QueuedMessage& queued) override;
  void on_dropped(const QueuedMessage& queued, DropReason why) override;
  void on_settled(const QueuedMessage& queued) override;
  void on_received(const QueuedMessage& queued) override;
  bool release_to_client(PacketId packet_id) override;
  void load(std::vector<Place> places) override;
  void on_watermark(bool high) override;
  void on_overflow(std::string_view topic) override;
  void on_overflow_over() override;

  void detach();
  void count_persistent(bool persistent);
  void set_group_presence(bool attached);
  void deliver_in_turn(QueuedMessage&& queued);
  void take_in(QueuedMessage&& queued);
  /// Tells publishers how long the queue is (mqtt.session.overflow = refuse). `arrived`: and that a message has come
  /// which was promised a place.
  void tell_room(bool arrived = false);
  void deliver_qos0(QueuedMessage& queued);
  OutboundFlow& flow();
  PublishResult publish_qos2(const PublishRequest& request);
  void take_will(const CloseRequest& request);
  /// False: it was refused, and is tried again a little later.
  bool publish_will();
  void redistribute_shared();

  // session_durable.cc
  [[nodiscard]] storage::SessionRecord record() const;
  void save();
  /// As save(), for a client that is there. What waits for it waits until the store knows.
  void announce();
  void on_announced();
  void save_will(UnixMillis due_at);
  void forget_will();
  void forget_on_disk();
  void store_here(QueuedMessage& queued);
  void finish_load(std::vector<LoadedMessage> loaded);

  SessionContext& context_;
  SessionRef ref_;
  DeliverySink* sink_ = nullptr;
  std::string client_id_;
  ClientDetails details_;
  auth::ClientAccess access_;
  SubscriptionList subscriptions_;
  std::unique_ptr<OutboundFlow> flow_;    ///< once a message needed it
  std::unique_ptr<InboundQos2> inbound_;  ///< once a QoS 2 message came in
  std::unique_ptr<PendingWill> will_;
  std::unique_ptr<std::string> mountpoint_;
  std::unique_ptr<std::string> note_;  ///< see put_note(); null: none, or it is on disk
  TimePoint detached_at_{};
  UnixMillis created_at_ = 0;
  std::uint64_t delivered_ = 0;
  std::unique_ptr<DurableState> durable_;  ///< null: the session is not kept on disk
  CommitTicket awaited_ = 0;               ///< the last one of which the client will be told
  std::uint32_t dropped_ = 0;
  std::uint32_t expiry_seconds_ = 0;  ///< 0xFFFFFFFF: never
  std::uint16_t receive_maximum_ = 65535;
  bool counted_persistent_ = false;
  bool slow_ = false;  ///< the sink said Busy and there was no flow to remember it
};

/// Session Expiry Interval of a session that does not expire [MQTT5 3.1.2.11.2].
inline constexpr std::uint32_t kNeverExpires = 0xFFFFFFFF;

}  // namespace sluice::session

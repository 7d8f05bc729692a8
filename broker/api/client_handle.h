// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "broker/api/gateway_store.h"
#include "broker/api/message.h"
#include "broker/api/reason.h"
#include "broker/api/retained.h"
#include "broker/api/types.h"
#include "shared/base/clock.h"

namespace sluice {

struct PublishRequest {
  std::string_view topic;  ///< as the client wrote it: mount point, authorisation and hooks are the core's affair
  std::span<const std::byte> payload;
  std::span<const std::byte> properties;  ///< as in MessageParts
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  bool dup = false;
  PacketId packet_id = 0;                       ///< QoS 1 and 2
  std::optional<std::uint32_t> expiry_seconds;  ///< Message Expiry Interval
};

/// What became of a request, and what its acknowledgement has to wait for.
struct Outcome {
  Outcome(Reason why = Reason::Success, CommitTicket waits_for = 0)  // NOLINT(google-explicit-constructor): a reason is
      : reason(why), ticket(waits_for) {}                            // an outcome that nothing has to be waited for

  Reason reason;
  /// The acknowledgement may leave once DeliverySink::on_committed() has named this ticket or a later one; 0: at once.
  CommitTicket ticket;
};

/// What becomes of a publish. `Success` and `NoMatchingSubscribers` are both a success; `NotAuthorized`,
/// `QuotaExceeded`, `ReceiveMaximumExceeded`, `PacketIdentifierInUse`, `TopicNameInvalid`, … say why not.
using PublishResult = Outcome;

/// One reason per filter, in order.
struct FilterOutcomes {
  std::vector<Reason> reasons;
  CommitTicket ticket = 0;  ///< as in Outcome
};

struct SubscribeRequest {
  std::string_view filter;  ///< as the client wrote it, `$share/…`, `$queue/…` and `$local/…` included
  SubscriptionOptions options;
};

/// The acknowledgements that a client sends for what was delivered to it.
enum class Ack : std::uint8_t { PubAck, PubRec, PubComp };

/// Why a client's handle is closed: decides about the will [MQTT5 3.1.2.5].
enum class CloseKind : std::uint8_t {
  Normal,          ///< the client said goodbye: no will
  NormalWithWill,  ///< the client said goodbye and wants the will sent (DISCONNECT 0x04)
  Abnormal,        ///< connection lost, protocol error, time-out: the will is sent
};

struct CloseRequest {
  CloseKind kind = CloseKind::Abnormal;
  Reason reason = Reason::Success;
  /// A new Session Expiry Interval, given with the goodbye.
  std::optional<std::uint32_t> session_expiry_seconds;
};

/// What a connected client can ask of the core; implemented by the session.
/// Inside, every call authorises, runs hooks, applies quotas and mounts topics: no front end can forget it.
class ClientPort {
 public:
  virtual ~ClientPort() = default;

  /// The client's own, or the one that was assigned to it.
  [[nodiscard]] virtual std::string_view client_id() const = 0;

  /// QoS 2: a packet id that is still awaiting release is not published twice [MQTT-4.3.3-10].
  virtual PublishResult publish(const PublishRequest& request) = 0;
  /// Whether publish() would refuse the topic: Success, TopicNameInvalid or NotAuthorized. Nothing is published, and no
  /// hook runs.
  [[nodiscard]] virtual Reason may_publish(std::string_view topic) = 0;
  /// True while a QoS 2 message with this id was taken and is not released: another PUBLISH with it is a duplicate.
  [[nodiscard]] virtual bool awaits_release(PacketId packet_id) const = 0;
  /// PUBREL: Success, or PacketIdentifierNotFound.
  virtual Outcome release(PacketId packet_id) = 0;
  /// PUBACK, PUBREC, PUBCOMP: Success, or PacketIdentifierNotFound. `reason` is the client's.
  virtual Reason acknowledge(Ack ack, PacketId packet_id, Reason reason) = 0;

  /// One reason per request, in order: GrantedQos… or an error. `subscription_id` 0: none. Retained messages are
  /// delivered after the call has returned.
  virtual FilterOutcomes subscribe(std::span<const SubscribeRequest> requests, std::uint32_t subscription_id) = 0;
  virtual FilterOutcomes unsubscribe(std::span<const std::string_view> filters) = 0;

  /// What `topic` retains. A topic is a name as publish() takes it: prefixes such as `$share/` mean nothing here.
  /// Authorised as a subscription to it would be; no hook runs and nothing counts as delivered.
  /// Success (with a message or without one), TopicNameInvalid, NotAuthorized, or ServerBusy: what an earlier server
  /// retained, or what was published since, is not in place yet; ask again in a second or so.
  /// What publish() was given with `retain` is what the next read on its shard finds, in the same turn too and before
  /// its ticket is committed; if that is told no instead, or limits of the retainer keep it out, what was there before.
  [[nodiscard]] virtual RetainedAnswer read_retained(std::string_view topic) = 0;

  /// What the topics that match `filter` retain, `limit` messages at most. Looks at some topics in each turn of the
  /// shard, however many there are, so `done` is called later, on this shard, once; not after close(), nor when the
  /// session has ended or is another client's. It may use the handle. Every message is held until then; under a mount
  /// point it is a copy.
  /// Authorised as a subscription is, which means the filter as a whole; but then topics are left out to each of which
  /// the client may not subscribe, so that what is found here can be read by its topic. As in a subscription, a leading
  /// wildcard does not match `$`-topics [MQTT-4.7.2-1]. What changes meanwhile may be seen or not.
  /// Success, TopicFilterInvalid, NotAuthorized, ServerBusy as above, or QuotaExceeded: too many of this client's
  /// searches are under way. `done` is called with Success only.
  [[nodiscard]] virtual RetainedSearch read_retained(std::string_view filter, std::size_t limit, OnRetained done) = 0;

  /// What a front end wants to find when its client comes back, after a restart of the server too: replaces the last
  /// one, ends with the session and is as durable. There is one for all front ends, so that it says itself whose it is.
  /// Empty: none. The ticket is as in Outcome.
  virtual CommitTicket put_note(std::string_view note) = 0;
  using OnNote = std::function<void(GatewayStore::Value)>;
  /// The note that was put last. `done` is called once, on this shard, maybe before the call returns; not when
  /// the session has ended or is without a client or with one of another sink.
  virtual void read_note(OnNote done) = 0;

  /// After DeliveryResult::Busy: the sink takes messages again.
  virtual void writable() = 0;

  /// Ends the connection's hold on the session; the sink is not called any more. The session lives on if it has an
  /// expiry interval.
  virtual void close(const CloseRequest& request) = 0;
};

/// Sole ownership of a ClientPort. Dropping it closes abnormally.
class ClientHandle {
 public:
  ClientHandle() = default;
  explicit ClientHandle(ClientPort& port) : port_(&port) {}

  [[nodiscard]] explicit operator bool() const { return port_ != nullptr; }
  ClientPort* operator->() const { return port_.get(); }
  void close(const CloseRequest& request) {
    if (ClientPort* port = port_.release()) port->close(request);
  }
  /// The core has closed it already (DeliverySink::on_session_ended).
  void forget() { static_cast<void>(port_.release()); }

 private:
  struct CloseAbnormally {
    void operator()(ClientPort* port) const { port->close({}); }
  };
  std::unique_ptr<ClientPort, CloseAbnormally> port_;
};

}  // namespace sluice

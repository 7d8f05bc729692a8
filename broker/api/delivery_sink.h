// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "broker/api/message.h"
#include "broker/api/reason.h"
#include "broker/api/types.h"

namespace sluice {

/// One message on its way to one client.
struct Delivery {
  MessagePtr message;
  Qos qos = Qos::AtMostOnce;                        ///< after the subscription's maximum
  PacketId packet_id = 0;                           ///< 0 for QoS 0
  bool dup = false;                                 ///< sent before on an earlier connection or before a retry
  bool retain = false;                              ///< as the client shall see it [MQTT5 3.3.1.3]
  std::span<const std::uint32_t> subscription_ids;  ///< of all matching subscriptions [MQTT5 3.3.4-3]
};

enum class DeliveryResult : std::uint8_t {
  Accepted,  ///< taken; QoS 1 and 2 will be acknowledged by the client
  Dropped,   ///< cannot be sent to this client (larger than its maximum packet size): treat it as acknowledged
  Busy,      ///< the client does not read: nothing was taken; writable() will be called on the handle
};

/// How the core reaches a client: implemented by every front end (MQTT connection, CoAP channel, …).
/// Owner: the front end. Thread: the shard on which it connected. No call blocks, and none calls back into the
/// ClientHandle before it returns.
class DeliverySink {
 public:
  virtual DeliveryResult deliver(const Delivery& delivery) = 0;
  /// The second step of QoS 2: after acknowledge(PubRec), and again for every such message when a session resumes.
  virtual void deliver_release(PacketId packet_id) = 0;
  /// What had to be committed before acknowledgements up to this ticket could leave has been (Outcome::ticket). Tickets
  /// that the client never got may be named, too.
  virtual void on_committed(CommitTicket ticket) = 0;
  /// The session is no longer this client's: taken over, kicked, server going down. The handle is closed already;
  /// tell the client in the protocol's way and close the connection.
  virtual void on_session_ended(Reason reason) = 0;

 protected:
  ~DeliverySink() = default;
};

}  // namespace sluice

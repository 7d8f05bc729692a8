// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/api/message.h"
#include "broker/api/reason.h"
#include "broker/api/types.h"
#include "broker/hooks/hook_chain.h"
#include "shared/base/clock.h"
#include "shared/net/address.h"

namespace sluice::hooks {

/// Whom an event is about. The views live for the call only.
struct ClientInfo {
  std::string_view client_id;
  std::string_view username;  ///< empty for none
  SocketAddress address;
  Protocol protocol = Protocol::Mqtt5;
  bool clean_start = true;
  std::uint16_t keep_alive_seconds = 0;
  UnixMillis connected_at = 0;
  std::string_view listener;
};

/// May be changed by callbacks of client_subscribe before the filter is authorised; empty it to refuse.
struct SubscribeChange {
  std::string filter;
  SubscriptionOptions options;
};

/// An operator's attention is wanted, or no longer.
struct Alarm {
  std::string_view id;
  std::string_view severity;  ///< "warning", "error", "critical"
  std::string_view title;
  std::string_view summary;
};

/// Every point at which behaviour can be attached, by the manual's names (chapter "Hook"). All of them are called on
/// the shard of the client they are about; a callback must not block.
struct HookPoints {
  /// 'client.connected': after the CONNACK was decided; the reason tells refused clients from accepted ones.
  HookChain<const ClientInfo&, Reason> client_connected;
  /// 'client.disconnected': an accepted client is gone, for this reason.
  HookChain<const ClientInfo&, Reason> client_disconnected;
  /// 'client.subscribe': before a subscription is made; may change it.
  HookChain<const ClientInfo&, SubscribeChange&> client_subscribe;
  /// 'client.unsubscribe': before a subscription is removed.
  HookChain<const ClientInfo&, std::string_view> client_unsubscribe;
  /// 'session.created', 'session.terminated': by client id.
  HookChain<const ClientInfo&> session_created;
  HookChain<std::string_view, Reason> session_terminated;
  /// 'session.subscribed', 'session.unsubscribed': after it happened.
  HookChain<const ClientInfo&, std::string_view, SubscriptionOptions> session_subscribed;
  HookChain<const ClientInfo&, std::string_view> session_unsubscribed;
  /// A subscription of an earlier server has been restored: its filter.
  HookChain<std::string_view> subscription_restored;
  /// 'message.publish': before retaining and routing; may replace the message, or empty it to stop it.
  HookChain<const ClientInfo&, MessagePtr&> message_publish;
  /// 'message.delivered': handed to a client's connection.
  HookChain<const ClientInfo&, const Message&> message_delivered;
  /// 'message.acked': the client has acknowledged it for good (PUBACK, PUBCOMP).
  HookChain<const ClientInfo&, const Message&> message_acked;
  /// A message that should have reached a client was given up: full queue, expiry, slow reader, too large.
  HookChain<std::string_view, const Message&, std::string_view> message_dropped;

  HookChain<const Alarm&> alarm_raised;
  HookChain<std::string_view> alarm_cleared;
};

}  // namespace sluice::hooks

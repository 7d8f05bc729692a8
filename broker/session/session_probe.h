// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::session {

/// What sessions count; names are the manual's where it has one.
struct SessionProbe {
  metrics::Gauge clients{"clients/count", "Clients connected"};
  metrics::Gauge sessions{"sessions/count", "Sessions, connected or not"};
  metrics::Gauge persistent{"sessions/persistent", "Sessions that outlive their connection"};
  metrics::Counter received{"messages/received", "Application messages taken from clients"};
  metrics::Counter sent{"messages/sent", "Application messages handed to clients"};
  metrics::Counter received_by_qos[3] = {{"messages/qos0/received", "QoS 0 messages taken from clients"},
                                         {"messages/qos1/received", "QoS 1 messages taken from clients"},
                                         {"messages/qos2/received", "QoS 2 messages taken from clients"}};
  metrics::Counter sent_by_qos[3] = {{"messages/qos0/sent", "QoS 0 messages handed to clients"},
                                     {"messages/qos1/sent", "QoS 1 messages handed to clients"},
                                     {"messages/qos2/sent", "QoS 2 messages handed to clients"}};
  metrics::Counter qos2_dropped{"messages/qos2/dropped", "QoS 2 messages refused: too many await their release"};
  metrics::Counter dropped{"messages/dropped", "Messages that did not reach a client they were meant for"};
  metrics::Counter dropped_queue_full{"messages/dropped/queue_full", "… because its queue was full"};
  metrics::Counter dropped_expired{"messages/dropped/expired", "… because they expired first"};
  metrics::Counter dropped_slow{"messages/dropped/slow_reader", "… because it does not read and they were QoS 0"};
  metrics::Counter dropped_too_large{"messages/dropped/too_large", "… because they exceed its maximum packet size"};
  metrics::Counter dropped_denied{"messages/dropped/denied", "… because the ACL does not let their publisher"};
  metrics::Counter dropped_offline{"messages/dropped/offline", "… because it was away and stores no QoS 0"};
  metrics::Counter dropped_storage_full{"messages/dropped/storage_full", "… because it was away and the store is full"};
  metrics::Counter parked_refused{"messages/parked/refused", "Messages refused while sessions were restored: no room"};
  metrics::Counter refused_overflow{"messages/refused/queue_full",
                                    "Messages refused because a session's queue is full"};
  metrics::Counter refused_will{"messages/refused/will", "Wills that nobody got because they were refused"};
  metrics::Counter queues_overflowed{"sessions/overflowed", "Times a session's queue began to drop or refuse messages"};
  metrics::Counter no_subscribers{"messages/no_subscribers", "Messages that nobody had subscribed to"};
  metrics::Counter redelivered{"messages/redelivered", "Shared messages given to another member of the group"};
  metrics::Counter retransmitted{"messages/retransmitted", "Messages sent again, by time or by reconnect"};
  metrics::Counter taken_over{"sessions/taken_over", "Sessions continued or replaced by a new connection"};
  metrics::Counter restored{"sessions/restored", "Sessions brought back from the store after the start"};
  metrics::Counter messages_restored{"messages/restored", "Messages brought back into queues after the start"};
  metrics::Counter expired{"sessions/expired", "Sessions ended by their expiry interval"};
  metrics::Counter refused{"sessions/refused", "Connects refused because of mqtt.max_sessions"};
  metrics::Counter subscriptions_refused{"subscriptions/refused", "Subscriptions over mqtt.session.max_subscriptions"};
  metrics::Counter searches_refused{"retained/searches/refused",
                                    "Searches for retained messages refused: their client has too many under way"};
};

/// The one instance.
const SessionProbe& probe();

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "broker/mqtt/codec/packet.h"
#include "shared/metrics/registry.h"

namespace sluice::mqtt {

/// What the MQTT front end counts; names are the manual's where it has one.
struct MqttProbe {
  MqttProbe();

  metrics::Counter packets_received{"packets/received", "MQTT control packets received"};
  metrics::Counter packets_sent{"packets/sent", "MQTT control packets sent"};
  /// By packet type; a type that only the other side may send counts nowhere special.
  std::array<metrics::Counter, 16> received;
  std::array<metrics::Counter, 16> sent;

  metrics::Counter malformed{"packets/malformed", "Connections ended by a malformed packet"};
  metrics::Counter protocol_errors{"packets/protocol_error", "Connections ended by a breach of the protocol"};
  metrics::Counter too_large{"packets/too_large", "Connections ended by a packet over mqtt.max_packet_size"};
  metrics::Counter over_limit{"packets/over_limit",
                              "Connections ended by more user properties, filters or unreleased messages than allowed"};
  metrics::Counter keepalive_timeouts{"connections/keepalive_timeout", "Connections ended because they were silent"};
  metrics::Counter idle_timeouts{"connections/idle_timeout", "Connections ended because no CONNECT came"};
  metrics::Counter puback_missed{"packets/puback/missed", "PUBACK for a packet id that is not in flight"};
  metrics::Counter pubrec_missed{"packets/pubrec/missed", "PUBREC for a packet id that is not in flight"};
  metrics::Counter pubrel_missed{"packets/pubrel/missed", "PUBREL for a packet id that awaits no release"};
  metrics::Counter pubcomp_missed{"packets/pubcomp/missed", "PUBCOMP for a packet id that is not in flight"};
  metrics::Counter rate_limited{"connections/rate_limited", "Times a client was held back by max_publish_rate"};
  metrics::Counter withheld{"packets/withheld", "Messages of MQTT 3 clients that were refused and so not acknowledged"};
  metrics::Counter refuse_timeouts{"connections/refuse_timeout",
                                   "Connections ended because a refused message was not taken in time"};
  metrics::Counter moved{"connections/moved", "Connections that moved to their session's shard"};

  void count_received(PacketType type) const {
    packets_received.add();
    received[static_cast<std::size_t>(type)].add();
  }
  void count_sent(PacketType type) const {
    packets_sent.add();
    sent[static_cast<std::size_t>(type)].add();
  }
};

/// The one instance.
const MqttProbe& probe();

}  // namespace sluice::mqtt

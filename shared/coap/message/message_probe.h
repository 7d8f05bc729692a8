// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::coap {

/// What the message layer counts, of all endpoints.
struct MessageProbe {
  metrics::Counter received{"coap/messages/received", "CoAP messages received"};
  metrics::Counter sent{"coap/messages/sent", "CoAP messages sent, retransmissions included"};
  metrics::Counter malformed{"coap/messages/malformed", "Datagrams that are no CoAP message"};
  metrics::Counter ignored{"coap/messages/ignored", "CoAP messages that make no sense where they came"};
  metrics::Counter duplicates{"coap/messages/duplicates", "CoAP messages that had come before"};
  metrics::Counter resets_received{"coap/resets/received", "Reset messages received"};
  metrics::Counter resets_sent{"coap/resets/sent", "Reset messages sent"};
  metrics::Counter retransmissions{"coap/messages/retransmitted", "Confirmable messages sent once more"};
  metrics::Counter timeouts{"coap/messages/timeouts", "Confirmable messages that nobody acknowledged"};
  metrics::Counter refused{"coap/messages/refused", "Messages to a peer for which too many wait already"};
  metrics::Counter paced{"coap/messages/paced", "Times that a peer had to wait for a message id to be free again"};
  metrics::Gauge peers{"coap/peers/count", "CoAP peers known at the moment"};
  metrics::Counter peers_evicted{"coap/peers/evicted", "CoAP peers forgotten to make room for others"};
  metrics::Counter peers_refused{"coap/peers/refused", "Datagrams dropped because no peer could be forgotten"};
  metrics::Gauge remembered{"coap/duplicates/count", "CoAP requests remembered in case they come again"};
  metrics::Counter forgotten{"coap/duplicates/forgotten", "CoAP requests forgotten early to make room for others"};
};

MessageProbe& message_probe();

}  // namespace sluice::coap

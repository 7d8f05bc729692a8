// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::coap {

/// What the CoAP gateway counts.
struct Probe {
  metrics::Gauge clients{"coap/clients/count", "CoAP clients known, those that are away included"};
  metrics::Counter entered{"coap/clients/entered", "CoAP clients that came in, or came back"};
  metrics::Counter refused{"coap/clients/refused", "CoAP clients that were not let in"};
  metrics::Counter unproved{"coap/clients/unproved", "CoAP requests with a token that is not the client's"};
  metrics::Counter too_many{"coap/clients/too_many", "CoAP requests refused because coap.max_clients are known"};
  metrics::Counter gone_away{"coap/clients/gone_away", "CoAP clients that fell silent or could not be reached"};
  metrics::Counter waiting_refused{"coap/clients/waiting_refused",
                                   "CoAP requests refused: too many wait for the client to come in"};
  metrics::Gauge observations{"coap/observations/count", "Observations of CoAP clients"};
  metrics::Counter observations_refused{"coap/observations/refused", "Observations over coap.max_observations"};
  metrics::Counter reset{"coap/observations/reset", "Observations ended by a Reset"};
  metrics::Counter notifications{"coap/notifications/sent", "Notifications to CoAP clients"};
  metrics::Counter superseded{"coap/notifications/superseded",
                              "Messages of QoS 0 dropped for later ones: the client is slow"};
  metrics::Gauge crowded{"coap/notifications/crowded",
                         "Notifications that wait because too many are on their way to the same peer"};
  metrics::Counter unobserved{"coap/notifications/unobserved",
                              "Messages for a CoAP client that observes nothing they match"};
  metrics::Counter probes{"coap/notifications/probes", "Peers asked for a sign of life"};
  metrics::Counter published{"coap/messages/published", "Messages published by CoAP clients"};
  metrics::Gauge created{"coap/topics/created", "Topics of /ps without a value"};
  metrics::Counter bad_requests{"coap/requests/bad", "CoAP requests that make no sense to the gateway"};
};

Probe& probe();

}  // namespace sluice::coap

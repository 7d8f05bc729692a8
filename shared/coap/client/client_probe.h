// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::coap {

/// What the client role counts, of all endpoints.
struct ClientProbe {
  metrics::Counter sent{"coap/client/sent", "CoAP requests sent to peers, each block counted"};
  metrics::Counter answers{"coap/client/answers",
                           "CoAP answers and notifications that peers gave, bodies put together"};
  metrics::Counter stale{"coap/client/stale", "CoAP notifications of peers that a later one had overtaken"};
  metrics::Counter unexpected{"coap/client/unexpected", "CoAP responses of peers that nobody waited for"};
  metrics::Counter failures{"coap/client/failures", "CoAP requests to peers that got no answer"};
  metrics::Counter refused{"coap/client/refused", "CoAP requests that were not sent because too many wait already"};
  metrics::Gauge pending{"coap/client/pending", "CoAP requests and observations of peers that are not over"};
};

ClientProbe& client_probe();

}  // namespace sluice::coap

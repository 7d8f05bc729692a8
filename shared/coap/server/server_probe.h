// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::coap {

/// What the layer of requests and responses counts, of all endpoints.
struct ServerProbe {
  metrics::Counter requests{"coap/requests/received", "CoAP requests received, duplicates not counted"};
  metrics::Counter responses{"coap/responses/sent", "CoAP responses sent"};
  metrics::Counter client_errors{"coap/responses/4.xx", "CoAP responses of class 4"};
  metrics::Counter server_errors{"coap/responses/5.xx", "CoAP responses of class 5"};
  metrics::Counter suppressed{"coap/responses/suppressed", "CoAP responses that the client did not want (No-Response)"};
  metrics::Counter bad_options{"coap/requests/bad_option",
                               "CoAP requests with a critical option that is not understood"};
  metrics::Counter challenged{"coap/requests/challenged", "CoAP requests that got 4.01 with Echo"};
  metrics::Gauge pending{"coap/requests/pending", "CoAP requests that are being worked on"};
  metrics::Counter busy{"coap/requests/refused", "CoAP requests refused because too many are being worked on"};
  metrics::Gauge uploads{"coap/blocks/uploads", "CoAP bodies that are coming in block by block"};
  metrics::Counter incomplete{"coap/blocks/incomplete", "CoAP blocks without those before them (4.08)"};
  metrics::Counter too_large{"coap/blocks/too_large", "CoAP bodies over coap.max_body_size (4.13)"};
  metrics::Counter no_room{"coap/blocks/no_room",
                           "CoAP blocks refused because coap.block.total_bytes are in use (5.03)"};
  metrics::Counter given_up{
      "coap/blocks/given_up",
      "CoAP bodies dropped before their last block came, to make room or because it did not come"};
  metrics::Gauge downloads{"coap/blocks/downloads",
                           "CoAP representations kept for the requests for their later blocks"};
};

ServerProbe& server_probe();

}  // namespace sluice::coap

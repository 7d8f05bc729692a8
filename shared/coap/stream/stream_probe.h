// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::coap {

/// What CoAP over streams counts, of all carriers.
struct StreamProbe {
  metrics::Gauge connections{"coap/streams/count", "CoAP connections over TCP and TLS at the moment"};
  metrics::Counter received{"coap/streams/messages/received", "CoAP messages received over streams, signals included"};
  metrics::Counter sent{"coap/streams/messages/sent", "CoAP messages sent over streams, signals included"};
  metrics::Counter ignored{"coap/streams/messages/ignored", "CoAP messages over streams that nobody had a use for"};
  metrics::Counter refused{"coap/streams/messages/refused", "CoAP messages not sent: the peer does not read"};
  metrics::Counter unsendable{"coap/streams/messages/unsendable",
                              "CoAP messages not sent because they exceed the peer's Max-Message-Size"};
  metrics::Counter malformed{"coap/streams/malformed", "CoAP connections aborted for a malformed message"};
  metrics::Counter too_large{"coap/streams/too_large", "CoAP connections aborted for a message over Max-Message-Size"};
  metrics::Counter bad_signals{"coap/streams/bad_signals",
                               "CoAP connections aborted for a signal that is missing or cannot be understood"};
  metrics::Counter no_room{"coap/streams/no_room",
                           "CoAP connections aborted because all together have too much of unfinished messages"};
  metrics::Counter timeouts{"coap/streams/timeouts",
                            "CoAP connections closed because a CSM, the rest of a message or a Pong did not come"};
  metrics::Counter overflows{"coap/streams/overflows", "CoAP connections closed because the peer does not read"};
  metrics::Counter aborted{"coap/streams/aborted", "CoAP connections that the peer aborted"};
  metrics::Counter released{"coap/streams/released", "CoAP connections that the peer released"};
  metrics::Counter held{"coap/streams/held", "Times that reading from a CoAP connection had to rest"};
};

StreamProbe& stream_probe();

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice {

/// Totals over every DTLS listener of the process.
struct DtlsProbe {
  metrics::Gauge associations{"dtls/associations", "DTLS associations"};
  metrics::Gauge engines{"dtls/engines", "DTLS handshakes, and associations whose records OpenSSL reads"};
  metrics::Counter cookies_sent{"dtls/cookies/sent", "HelloVerifyRequests sent"};
  metrics::Counter bad_cookies{"dtls/cookies/bad", "ClientHellos with a wrong or old cookie"};
  metrics::Counter handshakes_begun{"dtls/handshakes/begun", "DTLS handshakes begun, as server and as client"};
  metrics::Counter handshakes_finished{"dtls/handshakes/finished", "DTLS handshakes finished"};
  metrics::Counter sessions_resumed{"dtls/handshakes/resumed", "DTLS handshakes that resumed a session"};
  metrics::Counter handshakes_failed{"dtls/handshakes/failed", "DTLS handshakes that failed"};
  metrics::Counter handshake_timeouts{"dtls/handshakes/timeouts", "DTLS handshakes that took too long"};
  metrics::Counter handshakes_displaced{"dtls/handshakes/displaced", "DTLS handshakes that gave way to newer ones"};
  metrics::Counter refused_full{"dtls/refused/full", "DTLS peers refused by max_associations"};
  metrics::Counter session_timeouts{"dtls/session_timeouts", "DTLS associations ended by session_timeout"};
  metrics::Counter alerts_received{"dtls/alerts/received", "DTLS alerts received, close_notify included"};
  metrics::Counter alerts_sent{"dtls/alerts/sent", "DTLS alerts sent, close_notify included"};
  metrics::Counter records_dropped{"dtls/records_dropped",
                                   "DTLS records that were malformed, forged, repeated or late"};
  metrics::Counter too_large{"dtls/too_large", "Datagrams not sent because they do not fit into one record"};
  metrics::Counter unsent{"dtls/unsent", "Datagrams not sent for want of an association"};
};

/// Registered on first use.
const DtlsProbe& dtls_probe();

}  // namespace sluice

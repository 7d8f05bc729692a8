// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice {

/// Totals over every stream listener of the process; a listener's own figures are in its ListenerProbe.
struct NetProbe {
  metrics::Counter bytes_received{"bytes/received", "Bytes of application data received by stream listeners"};
  metrics::Counter bytes_sent{"bytes/sent", "Bytes of application data sent by stream listeners"};
  metrics::Counter accepted{"listeners/accepted", "Connections given to a protocol"};
  metrics::Counter refused_by_access{"listeners/refused/access", "Connections refused by access.N"};
  metrics::Counter refused_full{"listeners/refused/full", "Connections refused by max_clients"};
  metrics::Counter refused_exhausted{"listeners/refused/exhausted", "Connections refused for want of descriptors"};
  metrics::Counter deferred{"listeners/deferred", "Times that accepting waited for max_conn_rate"};
  metrics::Counter proxy_failures{"listeners/proxy_failures", "Bad or late PROXY headers"};
  metrics::Counter tls_failures{"listeners/tls_failures", "TLS handshakes that failed"};
  metrics::Counter psk_unknown{"listeners/psk_unknown", "TLS clients whose pre-shared key is not in psk.file"};
  metrics::Counter handshake_timeouts{"listeners/handshake_timeouts", "TLS handshakes that took too long"};
  metrics::Counter send_timeouts{"listeners/send_timeouts", "Blocked writes that made no progress for send_timeout"};
  metrics::Counter rate_limited{"listeners/rate_limited", "Reads that waited for rate_limit"};
};

/// Registered on first use.
const NetProbe& net_probe();

}  // namespace sluice

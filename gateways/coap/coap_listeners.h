// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "gateways/coap/coap_settings.h"
#include "shared/net/dtls/dtls_settings.h"
#include "shared/net/listener_config.h"
#include "shared/net/udp/udp_settings.h"

namespace sluice {
class ConfigStore;
}

namespace sluice::coap {

/// A listener of datagrams as the configuration has it.
struct DatagramListenerSettings {
  UdpSettings udp;
  Compat compat = Compat::Strict;
  std::optional<DtlsSettings> dtls;  ///< unset: plain
};

/// A listener of streams.
struct StreamListenerSettings {
  ListenerSettings socket;
  Compat compat = Compat::Strict;
};

/// Every listener of the gateway that is not off. Requires: a store without problems.
struct CoapListenerSettings {
  std::vector<DatagramListenerSettings> datagrams;  ///< "coap:udp:1", "coap:dtls:1"
  std::vector<StreamListenerSettings> streams;      ///< "coap:tcp:1", "coap:tls:1"
  std::string mountpoint;                           ///< of all of them
};
/// `psk`: unset if there are no keys.
CoapListenerSettings load_listeners(const ConfigStore& store, const PathResolver& resolve, std::size_t shards,
                                    const PskLookup& psk);

}  // namespace sluice::coap

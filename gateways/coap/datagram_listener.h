// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateways/coap/coap_listeners.h"
#include "gateways/coap/datagram_host.h"
#include "gateways/coap/gateway_shard.h"
#include "shared/net/dtls/dtls_context.h"
#include "shared/net/dtls/dtls_port.h"
#include "shared/net/udp/udp_listener.h"

namespace sluice::coap {

/// A listener of datagrams on all shards: on each a socket, DTLS on it where it is to be, and an endpoint.
/// Owner: the gateway. Thread: the control thread.
class DatagramListener {
 public:
  static Explained<std::unique_ptr<DatagramListener>> open(ShardGroup& shards,
                                                           const DatagramListenerSettings& settings);

  /// Makes the endpoints. Before the shards run.
  void attach(GatewayCommons& commons, const std::shared_ptr<const ListenerTraits>& traits,
              const Parameters& parameters, const ServerSettings& settings);
  /// Requires running shards, and attach().
  void start();
  /// No datagram comes any more; peers of DTLS are told. Requires running shards.
  void stop();
  /// Empty, or why everything stays as it was.
  std::string reconfigure(const DatagramListenerSettings& settings);

  [[nodiscard]] const std::string& name() const { return udp_->settings().name; }
  [[nodiscard]] const SocketAddress& bound() const { return udp_->bound(); }

 private:
  DatagramListener(ShardGroup& shards, std::unique_ptr<UdpListener> udp, std::shared_ptr<const DtlsContext> context,
                   Compat compat)
      : shards_(shards), udp_(std::move(udp)), context_(std::move(context)), compat_(compat) {}

  DatagramEvents& begin(Shard& shard);

  ShardGroup& shards_;
  std::unique_ptr<UdpListener> udp_;
  std::shared_ptr<const DtlsContext> context_;  ///< null: plain
  const Compat compat_;
  std::vector<std::unique_ptr<DtlsPort>> dtls_;  ///< one per shard, or none
  std::vector<DatagramHost*> hosts_;             ///< one per shard; the gateway's shards own them
};

}  // namespace sluice::coap

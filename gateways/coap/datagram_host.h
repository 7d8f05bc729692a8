// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "gateways/coap/endpoint_host.h"
#include "shared/coap/endpoint.h"

namespace sluice::coap {

/// A listener of datagrams on one shard.
class DatagramHost final : public EndpointHost {
 public:
  /// `port` and `parameters` outlive the host.
  DatagramHost(GatewayShard& gateway, std::uint32_t index, std::shared_ptr<const ListenerTraits> traits, Compat compat,
               Shard& shard, DatagramPort& port, const Parameters& parameters, const ServerSettings& settings)
      : EndpointHost(gateway, index, std::move(traits), compat), endpoint_(shard, port, parameters, settings, *this) {}

  [[nodiscard]] Server& server() override { return endpoint_.server(); }
  [[nodiscard]] DatagramEvents& events() { return endpoint_.events(); }

 private:
  DatagramEndpoint endpoint_;
};

}  // namespace sluice::coap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "gateways/coap/endpoint_host.h"
#include "shared/coap/stream/endpoint.h"

namespace sluice::coap {

/// A listener of streams on one shard.
class StreamHost final : public EndpointHost {
 public:
  /// `parameters` outlive the host.
  StreamHost(GatewayShard& gateway, std::uint32_t index, std::shared_ptr<const ListenerTraits> traits, Compat compat,
             Shard& shard, const StreamSettings& streams, const Parameters& parameters, const ServerSettings& settings)
      : EndpointHost(gateway, index, std::move(traits), compat),
        endpoint_(shard, streams, parameters, settings, *this) {}

  [[nodiscard]] Server& server() override { return endpoint_.server(); }
  [[nodiscard]] StreamEndpoint& endpoint() { return endpoint_; }

 private:
  StreamEndpoint endpoint_;
};

}  // namespace sluice::coap

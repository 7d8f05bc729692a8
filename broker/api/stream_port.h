// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/broker_api.h"
#include "shared/net/transport.h"

namespace sluice {

/// Where the WebSocket gateway hands over what it has upgraded. It knows nothing of the protocols behind.
class StreamPort {
 public:
  enum class Frames : std::uint8_t { Binary, Text };
  using Accept = std::function<void(std::unique_ptr<Transport>, std::shared_ptr<const ListenerTraits>)>;

  struct Protocol {
    std::string name;  ///< "mqtt", "stomp": also the listener key of its path (`.path`, `.stomp_path`)
    std::vector<std::string> subprotocols;  ///< as offered in Sec-WebSocket-Protocol, preferred first
    Frames frames = Frames::Binary;         ///< the other kind is refused with close code 1003
    Accept accept;                          ///< called on the shard of the connection; starts the transport
  };

  /// Before the shards run.
  void add(Protocol protocol) { protocols_.push_back(std::move(protocol)); }
  /// Null if nobody registered the name. Any thread once the shards run.
  [[nodiscard]] const Protocol* find(std::string_view name) const {
    for (const Protocol& protocol : protocols_) {
      if (protocol.name == name) return &protocol;
    }
    return nullptr;
  }

 private:
  std::vector<Protocol> protocols_;
};

}  // namespace sluice

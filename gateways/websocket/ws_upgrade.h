// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "broker/api/stream_port.h"
#include "gateways/websocket/ws_settings.h"
#include "shared/net/address.h"

namespace sluice::ws {

using RequestHeader = boost::beast::http::request_header<boost::beast::http::fields>;

/// The request becomes a WebSocket connection [RFC 6455 4.2].
struct Upgrade {
  const StreamPort::Protocol* protocol = nullptr;
  std::string subprotocol;       ///< the one chosen from the client's offer; empty: none was offered
  bool deflate_offered = false;  ///< with a window that the server may keep small [RFC 7692 7.1.2.2]
};

/// A health check that is answered with 200.
struct HealthCheck {};

/// An HTTP answer other than an upgrade; the text tells a person what to do.
struct Refusal {
  boost::beast::http::status status;
  std::string text;
};

using Decision = std::variant<Upgrade, HealthCheck, Refusal>;

/// What becomes of a request: pure, no I/O. `port` tells which protocols are registered.
Decision decide(const RequestHeader& request, const WsSettings& settings, const StreamPort& port);

/// Where the client is according to the proxy's headers; nullopt when none is configured, present and well-formed.
/// Of a list ("client, proxy1") the last address counts: it is the one that the nearest proxy saw itself.
std::optional<SocketAddress> forwarded_address(const RequestHeader& request, const WsSettings& settings);

}  // namespace sluice::ws

// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_upgrade.h"

#include <algorithm>
#include <charconv>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace sluice::ws {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::string_view path_of(const RequestHeader& request) {
  const std::string_view target = view(request.target());
  return target.substr(0, target.find_first_of("?#"));
}

bool has_token(const RequestHeader& request, http::field name, beast::string_view token) {
  const auto [first, last] = request.equal_range(name);
  return std::any_of(first, last, [&](const auto& field) { return http::token_list(field.value()).exists(token); });
}

bool carries_body(const RequestHeader& request) {
  if (request.count(http::field::transfer_encoding) != 0) return true;
  const auto length = request.find(http::field::content_length);
  return length != request.end() && length->value() != "0";
}

const WsSettings::Route* find_route(std::string_view path, const WsSettings& settings, const StreamPort& port) {
  for (const auto& route : settings.routes) {
    if (route.path == path && port.find(route.protocol) != nullptr) return &route;
  }
  return nullptr;
}

bool is_health_path(std::string_view path, const WsSettings& settings) {
  constexpr std::string_view kStatus = "/status";
  if (path == kStatus) return true;
  return std::any_of(settings.routes.begin(), settings.routes.end(), [&](const auto& route) {
    return path.size() == route.path.size() + kStatus.size() && path.starts_with(route.path) && path.ends_with(kStatus);
  });
}

Refusal not_found(const WsSettings& settings, const StreamPort& port) {
  std::string text = "Nothing here. WebSocket paths:";
  for (const auto& route : settings.routes) {
    if (port.find(route.protocol) != nullptr) text += " " + route.path + " (" + route.protocol + ")";
  }
  return {http::status::not_found, text + "; health check: /status"};
}

bool origin_allowed(const RequestHeader& request, const WsSettings& settings) {
  const auto origin = request.find(http::field::origin);
  // Only browsers send one: without it nothing is decided, as every other client could claim any [RFC 6455 10.2].
  if (settings.origins.empty() || origin == request.end()) return true;
  return std::any_of(settings.origins.begin(), settings.origins.end(),
                     [&](const std::string& allowed) { return beast::iequals(allowed, origin->value()); });
}

/// Sixteen bytes in base64 [RFC 6455 4.2.1].
bool valid_key(std::string_view key) {
  constexpr std::size_t kEncoded = 24;
  if (key.size() != kEncoded || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

std::optional<Refusal> handshake_fault(const RequestHeader& request) {
  if (request.version() != 11) return Refusal{http::status::bad_request, "A WebSocket upgrade needs HTTP/1.1"};
  if (request.count(http::field::host) != 1) return Refusal{http::status::bad_request, "Exactly one Host is needed"};
  const auto version = request.find(http::field::sec_websocket_version);
  if (version == request.end()) return Refusal{http::status::bad_request, "Sec-WebSocket-Version is missing"};
  if (version->value() != "13") {
    return Refusal{http::status::upgrade_required, "Only Sec-WebSocket-Version 13 is spoken here"};
  }
  const auto key = request.find(http::field::sec_websocket_key);
  if (key == request.end() || request.count(http::field::sec_websocket_key) != 1 || !valid_key(view(key->value()))) {
    return Refusal{http::status::bad_request, "Sec-WebSocket-Key must be 16 bytes in base64"};
  }
  return std::nullopt;
}

bool offers(const RequestHeader& request, beast::string_view subprotocol) {
  return has_token(request, http::field::sec_websocket_protocol, subprotocol);
}

bool offers_small_deflate(const RequestHeader& request) {
  const auto header = request.find(http::field::sec_websocket_extensions);
  if (header == request.end()) return false;
  for (const auto& [name, parameters] : http::ext_list(header->value())) {
    if (!beast::iequals(name, "permessage-deflate")) continue;
    // Only the first offer is looked at: a client puts the one it likes best there.
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const auto& parameter) { return beast::iequals(parameter.first, "client_max_window_bits"); });
  }
  return false;
}

Decision choose_subprotocol(const RequestHeader& request, const WsSettings& settings,
                            const StreamPort::Protocol& protocol) {
  for (const std::string& known : protocol.subprotocols) {
    if (offers(request, known)) return Upgrade{&protocol, known, offers_small_deflate(request)};
  }
  if (!settings.require_subprotocol) return Upgrade{&protocol, {}, offers_small_deflate(request)};
  std::string text = "Sec-WebSocket-Protocol must offer one of:";
  for (const std::string& known : protocol.subprotocols) text += " " + known;
  return Refusal{http::status::bad_request, text};
}

}  // namespace

Decision decide(const RequestHeader& request, const WsSettings& settings, const StreamPort& port) {
  const std::string_view path = path_of(request);
  if (carries_body(request)) return Refusal{http::status::payload_too_large, "Requests here have no body"};
  if (is_health_path(path, settings)) {
    if (request.method() == http::verb::get || request.method() == http::verb::head) return HealthCheck{};
    return Refusal{http::status::method_not_allowed, "Only GET and HEAD are allowed here"};
  }
  const auto* route = find_route(path, settings, port);
  if (route == nullptr) return not_found(settings, port);
  if (request.method() != http::verb::get) {
    return Refusal{http::status::method_not_allowed, "Only GET is allowed here"};
  }
  if (!has_token(request, http::field::connection, "upgrade") ||
      !has_token(request, http::field::upgrade, "websocket")) {
    return Refusal{http::status::upgrade_required, "This is a WebSocket endpoint: connect with ws:// or wss://"};
  }
  if (auto fault = handshake_fault(request)) return *fault;
  if (!origin_allowed(request, settings)) {
    return Refusal{http::status::forbidden, "This Origin is not in the listener's list of allowed origins"};
  }
  return choose_subprotocol(request, settings, *port.find(route->protocol));
}

std::optional<SocketAddress> forwarded_address(const RequestHeader& request, const WsSettings& settings) {
  if (settings.proxy_address_header.empty()) return std::nullopt;
  const auto [first, last] = request.equal_range(settings.proxy_address_header);
  if (first == last) return std::nullopt;
  std::string_view text;
  for (auto field = first; field != last; ++field) text = view(field->value());
  if (const auto comma = text.rfind(','); comma != std::string_view::npos) text.remove_prefix(comma + 1);
  text = trimmed(text);
  std::optional<SocketAddress> result = SocketAddress::parse_ip(text);
  // Some balancers add the port.
  if (!result && text.find(':') != std::string_view::npos) result = SocketAddress::parse(text);
  if (!result || settings.proxy_port_header.empty()) return result;
  const auto port = request.find(settings.proxy_port_header);
  if (port == request.end()) return result;
  const std::string_view digits = trimmed(view(port->value()));
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size()) result->port = number;
  return result;
}

}  // namespace sluice::ws

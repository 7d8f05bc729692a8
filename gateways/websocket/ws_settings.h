// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
class ConfigStore;
}

namespace sluice::ws {

/// permessage-deflate [RFC 7692] of one listener.
struct DeflateSettings {
  bool enabled = false;
  std::uint32_t max_clients = 1000;  ///< how many clients of the listener may have it; the next ones go without
  int window_bits = 9;               ///< of both directions: 512 bytes of history each
  int memory_level = 1;
  std::size_t threshold = 256;  ///< smaller messages are sent as they are
};

/// What one `listener.ws.<name>` or `listener.wss.<name>` serves and allows beyond its ListenerSettings, whose
/// `send_timeout`, `rate_limit` and `linger` (here: for the closing handshake) hold as for every stream.
struct WsSettings {
  struct Route {
    std::string protocol;  ///< name in StreamPort
    std::string path;      ///< "/mqtt"
  };
  std::vector<Route> routes{{"mqtt", "/mqtt"}};
  std::vector<std::string> origins;  ///< allowed values of the Origin header; empty: all
  bool require_subprotocol = true;   ///< `mqtt.websocket_protocol_header`
  std::string proxy_address_header;  ///< empty: the socket's address counts
  std::string proxy_port_header;
  DeflateSettings deflate;
  std::string status_text = "Sluice is running\n";  ///< answer to GET /status

  std::chrono::milliseconds request_timeout{30'000};  ///< for the whole HTTP request
  std::chrono::milliseconds ping_interval{60'000};    ///< of silence after which the peer is asked; 0: never
  std::size_t max_header_bytes = 8 * 1024;
  std::size_t max_message_bytes = 16 * 1024 * 1024;  ///< of one WebSocket message, which may hold many packets
  std::size_t max_backlog_bytes = 256 * 1024;        ///< taken from the owner and not yet sent
};

enum class Kind : std::uint8_t { Ws, Wss };

/// What the keys of `listener.ws.<name>` or `listener.wss.<name>` say. What a key of all MQTT listeners says
/// (require_subprotocol) is the caller's to fill in.
WsSettings load(const ConfigStore& store, Kind kind, std::string_view name);

}  // namespace sluice::ws

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/listener_keys.h"

namespace sluice::ws {

// Keys of the WebSocket listeners, plain and over TLS. `$name` is the listener's name.

/// What a WebSocket listener has beyond its socket.
struct WsKeys {
  Property<std::string_view> proxy_address_header;
  Property<std::string_view> proxy_port_header;
  Property<std::string_view> path;
  Property<std::string_view> stomp_path;
  Property<std::string_view> origins;
  Property<bool> deflate;
  Property<std::uint32_t> deflate_max_clients;
  Property<ConfigDuration> request_timeout;
  Property<ConfigDuration> ping_interval;
  Property<ByteSize> max_header_size;
  Property<ByteSize> max_message_size;
  Property<ByteSize> max_backlog;
};

template <FixedText Prefix>
constexpr WsKeys ws_keys() {
  using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;
  constexpr auto kNew = Reload::NewConnections;
  return {
      .proxy_address_header =
          {.name = kJoined<Prefix, ".proxy_address_header">,
           .doc = "HTTP header in which a trusted balancer gives the client's address, such as "
                  "X-Forwarded-For. A request without it comes from the socket's address; one in which it "
                  "has no address is refused. Empty: headers are not believed.",
           .reload = kNew},
      .proxy_port_header = {.name = kJoined<Prefix, ".proxy_port_header">,
                            .doc = "HTTP header with the client's port, such as X-Forwarded-Port.",
                            .reload = kNew},
      .path = {.name = kJoined<Prefix, ".path">, .doc = "Path of MQTT.", .def = "/mqtt", .reload = kNew},
      .stomp_path = {.name = kJoined<Prefix, ".stomp_path">,
                     .doc = "Path of STOMP, where a STOMP gateway is there.",
                     .def = "/stomp",
                     .reload = kNew},
      .origins = {.name = kJoined<Prefix, ".origins">,
                  .doc = "Origins from which pages may connect, with commas, such as https://example.org. Empty: all.",
                  .reload = kNew},
      .deflate = {.name = kJoined<Prefix, ".deflate">,
                  .doc = "Offer compression (permessage-deflate).",
                  .def = false,
                  .reload = kNew},
      .deflate_max_clients = {.name = kJoined<Prefix, ".deflate_max_clients">,
                              .doc = "Clients with compression at the same time; each takes memory of its own. Further "
                                     "ones connect without it.",
                              .def = 1000,
                              .min = 0,
                              .max = 1'000'000,
                              .reload = kNew},
      .request_timeout = {.name = kJoined<Prefix, ".request_timeout">,
                          .doc = "How long the HTTP request may take to arrive.",
                          .def = seconds(30),
                          .min = milliseconds(100),
                          .max = hours(1),
                          .reload = kNew},
      .ping_interval = {.name = kJoined<Prefix, ".ping_interval">,
                        .doc = "Silence after which the client is pinged. 0: never.",
                        .def = seconds(60),
                        .min = seconds(0),
                        .max = hours(24),
                        .reload = kNew},
      .max_header_size = {.name = kJoined<Prefix, ".max_header_size">,
                          .doc = "Size of the HTTP request at most.",
                          .def = 8_KB,
                          .min = 1_KB,
                          .max = 1_MB,
                          .reload = kNew},
      .max_message_size = {.name = kJoined<Prefix, ".max_message_size">,
                           .doc = "Size of a WebSocket message at most; it may hold many packets.",
                           .def = 16_MB,
                           .min = 1_KB,
                           .max = 256_MB,
                           .reload = kNew},
      .max_backlog = {.name = kJoined<Prefix, ".max_backlog">,
                      .doc = "Bytes taken for a client and not yet sent at most; then its packets wait outside.",
                      .def = 256_KB,
                      .min = 4_KB,
                      .max = 256_MB,
                      .reload = kNew},
  };
}

inline constexpr SocketKeys kWsSocketKeys =
    socket_keys<"listener.ws.$name">({.acceptors = 4, .max_clients = 102400, .backlog = 1024});
inline constexpr WsKeys kWsKeys = ws_keys<"listener.ws.$name">();
inline constexpr SocketKeys kWssSocketKeys =
    socket_keys<"listener.wss.$name">({.acceptors = 4, .max_clients = 64, .backlog = 1024});
inline constexpr WsKeys kWssKeys = ws_keys<"listener.wss.$name">();
inline constexpr TlsKeys kWssTlsKeys = tls_keys<"listener.wss.$name">();

inline constexpr AnyProperty kWsRows[] = {&kWsSocketKeys.address,
                                          &kWsSocketKeys.acceptors,
                                          &kWsSocketKeys.max_clients,
                                          &kWsSocketKeys.max_conn_rate,
                                          &kWsSocketKeys.zone,
                                          &kWsSocketKeys.mountpoint,
                                          &kWsSocketKeys.rate_limit,
                                          &kWsSocketKeys.access,
                                          &kWsKeys.proxy_address_header,
                                          &kWsKeys.proxy_port_header,
                                          &kWsSocketKeys.proxy_protocol,
                                          &kWsSocketKeys.proxy_protocol_timeout,
                                          &kWsSocketKeys.backlog,
                                          &kWsSocketKeys.send_timeout,
                                          &kWsSocketKeys.send_timeout_close,
                                          &kWsSocketKeys.close_timeout,
                                          &kWsSocketKeys.recbuf,
                                          &kWsSocketKeys.sndbuf,
                                          &kWsSocketKeys.buffer,
                                          &kWsSocketKeys.tune_buffer,
                                          &kWsSocketKeys.nodelay,
                                          &kWsSocketKeys.reuseaddr,
                                          &kWsKeys.path,
                                          &kWsKeys.stomp_path,
                                          &kWsKeys.origins,
                                          &kWsKeys.deflate,
                                          &kWsKeys.deflate_max_clients,
                                          &kWsKeys.request_timeout,
                                          &kWsKeys.ping_interval,
                                          &kWsKeys.max_header_size,
                                          &kWsKeys.max_message_size,
                                          &kWsKeys.max_backlog};
inline constexpr PropertyTable kWsTable{"MQTT over WebSocket", kWsRows};

inline constexpr AnyProperty kWssRows[] = {&kWssSocketKeys.address,
                                           &kWssSocketKeys.acceptors,
                                           &kWssSocketKeys.max_clients,
                                           &kWssSocketKeys.max_conn_rate,
                                           &kWssSocketKeys.zone,
                                           &kWssSocketKeys.mountpoint,
                                           &kWssSocketKeys.rate_limit,
                                           &kWssSocketKeys.access,
                                           &kWssKeys.proxy_address_header,
                                           &kWssKeys.proxy_port_header,
                                           &kWssSocketKeys.proxy_protocol,
                                           &kWssSocketKeys.proxy_protocol_timeout,
                                           &kWssSocketKeys.peer_cert_as_username,
                                           &kWssSocketKeys.backlog,
                                           &kWssSocketKeys.send_timeout,
                                           &kWssSocketKeys.send_timeout_close,
                                           &kWssSocketKeys.close_timeout,
                                           &kWssSocketKeys.recbuf,
                                           &kWssSocketKeys.sndbuf,
                                           &kWssSocketKeys.buffer,
                                           &kWssSocketKeys.tune_buffer,
                                           &kWssSocketKeys.nodelay,
                                           &kWssSocketKeys.reuseaddr,
                                           &kWssTlsKeys.handshake_timeout,
                                           &kWssTlsKeys.tls_versions,
                                           &kWssTlsKeys.ciphers,
                                           &kWssTlsKeys.keyfile,
                                           &kWssTlsKeys.certfile,
                                           &kWssTlsKeys.cacertfile,
                                           &kWssTlsKeys.dhfile,
                                           &kWssTlsKeys.verify,
                                           &kWssTlsKeys.fail_if_no_peer_cert,
                                           &kWssTlsKeys.secure_renegotiate,
                                           &kWssTlsKeys.reuse_sessions,
                                           &kWssTlsKeys.honor_cipher_order,
                                           &kWssKeys.path,
                                           &kWssKeys.stomp_path,
                                           &kWssKeys.origins,
                                           &kWssKeys.deflate,
                                           &kWssKeys.deflate_max_clients,
                                           &kWssKeys.request_timeout,
                                           &kWssKeys.ping_interval,
                                           &kWssKeys.max_header_size,
                                           &kWssKeys.max_message_size,
                                           &kWssKeys.max_backlog};
inline constexpr PropertyTable kWssTable{"MQTT over secure WebSocket", kWssRows};

}  // namespace sluice::ws

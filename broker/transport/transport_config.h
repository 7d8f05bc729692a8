// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/listener_keys.h"

namespace sluice::transport {

// Keys of the listeners for MQTT over TCP and TLS. `$name` is the listener's name: external, internal, …

inline constexpr SocketKeys kTcpKeys =
    socket_keys<"listener.tcp.$name">({.acceptors = 16, .max_clients = 102400, .backlog = 1024});
inline constexpr SocketKeys kSslKeys =
    socket_keys<"listener.ssl.$name">({.acceptors = 16, .max_clients = 1024, .backlog = 1024});
inline constexpr TlsKeys kSslTlsKeys = tls_keys<"listener.ssl.$name">();

inline constexpr AnyProperty kTcpRows[] = {&kTcpKeys.address,
                                           &kTcpKeys.acceptors,
                                           &kTcpKeys.max_clients,
                                           &kTcpKeys.max_conn_rate,
                                           &kTcpKeys.zone,
                                           &kTcpKeys.mountpoint,
                                           &kTcpKeys.rate_limit,
                                           &kTcpKeys.access,
                                           &kTcpKeys.proxy_protocol,
                                           &kTcpKeys.proxy_protocol_timeout,
                                           &kTcpKeys.peer_cert_as_username,
                                           &kTcpKeys.backlog,
                                           &kTcpKeys.send_timeout,
                                           &kTcpKeys.send_timeout_close,
                                           &kTcpKeys.close_timeout,
                                           &kTcpKeys.recbuf,
                                           &kTcpKeys.sndbuf,
                                           &kTcpKeys.buffer,
                                           &kTcpKeys.tune_buffer,
                                           &kTcpKeys.nodelay,
                                           &kTcpKeys.reuseaddr};
inline constexpr PropertyTable kTcpTable{"MQTT over TCP", kTcpRows};

inline constexpr AnyProperty kSslRows[] = {&kSslKeys.address,
                                           &kSslKeys.acceptors,
                                           &kSslKeys.max_clients,
                                           &kSslKeys.max_conn_rate,
                                           &kSslKeys.zone,
                                           &kSslKeys.mountpoint,
                                           &kSslKeys.rate_limit,
                                           &kSslKeys.access,
                                           &kSslKeys.proxy_protocol,
                                           &kSslKeys.proxy_protocol_timeout,
                                           &kSslKeys.peer_cert_as_username,
                                           &kSslKeys.backlog,
                                           &kSslKeys.send_timeout,
                                           &kSslKeys.send_timeout_close,
                                           &kSslKeys.close_timeout,
                                           &kSslKeys.recbuf,
                                           &kSslKeys.sndbuf,
                                           &kSslKeys.buffer,
                                           &kSslKeys.tune_buffer,
                                           &kSslKeys.nodelay,
                                           &kSslKeys.reuseaddr,
                                           &kSslTlsKeys.handshake_timeout,
                                           &kSslTlsKeys.tls_versions,
                                           &kSslTlsKeys.ciphers,
                                           &kSslTlsKeys.keyfile,
                                           &kSslTlsKeys.certfile,
                                           &kSslTlsKeys.cacertfile,
                                           &kSslTlsKeys.dhfile,
                                           &kSslTlsKeys.verify,
                                           &kSslTlsKeys.fail_if_no_peer_cert,
                                           &kSslTlsKeys.secure_renegotiate,
                                           &kSslTlsKeys.reuse_sessions,
                                           &kSslTlsKeys.honor_cipher_order};
inline constexpr PropertyTable kSslTable{"MQTT over TLS", kSslRows};

}  // namespace sluice::transport

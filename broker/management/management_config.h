// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/listener_keys.h"

namespace sluice::management {

inline constexpr Property<ConfigDuration> kSysInterval{.name = "mqtt.broker.sys_interval",
                                                       .doc = "How often the $SYS topics are published. 0: never.",
                                                       .def = std::chrono::minutes(1),
                                                       .min = std::chrono::seconds(0),
                                                       .max = std::chrono::hours(24),
                                                       .reload = Reload::Live};

inline constexpr SocketKeys kApiKeys =
    socket_keys<"listener.api.$name">({.acceptors = 4, .max_clients = 64, .backlog = 512});
inline constexpr TlsKeys kApiTlsKeys = tls_keys<"listener.api.$name">();

inline constexpr AnyProperty kManagementRows[] = {&kSysInterval,
                                                  &kApiKeys.address,
                                                  &kApiKeys.acceptors,
                                                  &kApiKeys.max_clients,
                                                  &kApiKeys.max_conn_rate,
                                                  &kApiKeys.rate_limit,
                                                  &kApiKeys.access,
                                                  &kApiKeys.backlog,
                                                  &kApiKeys.send_timeout,
                                                  &kApiKeys.send_timeout_close,
                                                  &kApiKeys.close_timeout,
                                                  &kApiKeys.recbuf,
                                                  &kApiKeys.sndbuf,
                                                  &kApiKeys.buffer,
                                                  &kApiKeys.tune_buffer,
                                                  &kApiKeys.nodelay,
                                                  &kApiKeys.reuseaddr,
                                                  &kApiTlsKeys.handshake_timeout,
                                                  &kApiTlsKeys.keyfile,
                                                  &kApiTlsKeys.certfile,
                                                  &kApiTlsKeys.cacertfile,
                                                  &kApiTlsKeys.verify,
                                                  &kApiTlsKeys.fail_if_no_peer_cert};
inline constexpr PropertyTable kManagementTable{"Management", kManagementRows};

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "shared/config/property.h"

namespace sluice::app {

// Keys of existing files that do nothing here: of the Erlang VM, and of parts whose work is done in another way.

constexpr Property<std::string_view> accepted(std::string_view name, std::string_view why) {
  return {.name = name, .doc = why};
}

inline constexpr std::string_view kErlang = "Erlang virtual machine";
inline constexpr std::string_view kOneNode = "cluster of EMQ";
inline constexpr std::string_view kMonitor = "monitor of the Erlang virtual machine";
inline constexpr std::string_view kStats = "statistics are always kept";
inline constexpr std::string_view kPool = "the shards do this";
inline constexpr std::string_view kLager = "logger of EMQ";
inline constexpr std::string_view kBridge = "bridge between nodes of EMQ";

inline constexpr std::array kAcceptedKeys{
    accepted("cluster.name", kOneNode),
    accepted("cluster.discovery", kOneNode),
    accepted("cluster.autoclean", kOneNode),
    accepted("cluster.autoheal", kOneNode),
    accepted("cluster.static.seeds", kOneNode),
    accepted("cluster.mcast.addr", kOneNode),
    accepted("cluster.mcast.ports", kOneNode),
    accepted("cluster.mcast.iface", kOneNode),
    accepted("cluster.mcast.ttl", kOneNode),
    accepted("cluster.mcast.loop", kOneNode),
    accepted("cluster.mcast.sndbuf", kOneNode),
    accepted("cluster.mcast.recbuf", kOneNode),
    accepted("cluster.mcast.buffer", kOneNode),
    accepted("cluster.dns.name", kOneNode),
    accepted("cluster.dns.app", kOneNode),
    accepted("cluster.etcd.server", kOneNode),
    accepted("cluster.etcd.prefix", kOneNode),
    accepted("cluster.etcd.node_ttl", kOneNode),
    accepted("cluster.k8s.apiserver", kOneNode),
    accepted("cluster.k8s.service_name", kOneNode),
    accepted("cluster.k8s.address_type", kOneNode),
    accepted("cluster.k8s.app_name", kOneNode),
    accepted("cluster.k8s.namespace", kOneNode),
    accepted("node.proto_dist", kErlang),
    accepted("node.ssl_dist_optfile", kErlang),
    accepted("node.cookie", kErlang),
    accepted("node.smp", kErlang),
    accepted("node.heartbeat", kErlang),
    accepted("node.kernel_poll", kErlang),
    accepted("node.async_threads", kErlang),
    accepted("node.process_limit", kErlang),
    accepted("node.max_ports", kErlang),
    accepted("node.max_ets_tables", kErlang),
    accepted("node.dist_buffer_size", kErlang),
    accepted("node.fullsweep_after", kErlang),
    accepted("node.crash_dump", kErlang),
    accepted("node.dist_net_ticktime", kErlang),
    accepted("node.dist_listen_min", kErlang),
    accepted("node.dist_listen_max", kErlang),
    accepted("log.error.redirect", kLager),
    accepted("log.error.messages_per_second", kLager),
    accepted("log.crash", kLager),
    accepted("log.crash.file", kLager),
    accepted("sasl", kErlang),
    accepted("mqtt.conn.force_gc_count", kErlang),
    accepted("mqtt.client.enable_stats", kStats),
    accepted("mqtt.session.enable_stats", kStats),
    accepted("mqtt.pubsub.pool_size", kPool),
    accepted("mqtt.pubsub.by_clientid", kPool),
    accepted("mqtt.pubsub.async", kPool),
    accepted("mqtt.bridge.max_queue_len", kBridge),
    accepted("mqtt.bridge.ping_down_interval", kBridge),
    accepted("sysmon.long_gc", kMonitor),
    accepted("sysmon.long_schedule", kMonitor),
    accepted("sysmon.large_heap", kMonitor),
    accepted("sysmon.busy_port", kMonitor),
    accepted("sysmon.busy_dist_port", kMonitor),
};

inline constexpr auto kAcceptedRows = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array{AnyProperty(&kAcceptedKeys[I])...};
}(std::make_index_sequence<kAcceptedKeys.size()>{});

/// Names of EMQ before 2.1.
inline constexpr std::array kOlderNames{KeyAlias{"mqtt.listener.tcp", "listener.tcp.external"},
                                        KeyAlias{"mqtt.listener.ssl", "listener.ssl.external"},
                                        KeyAlias{"mqtt.client_idle_timeout", "mqtt.client.idle_timeout"},
                                        KeyAlias{"mqtt.session.expired_after", "mqtt.session.expiry_interval"}};

inline constexpr PropertyTable kAcceptedTable{"Keys without an effect", kAcceptedRows, kOlderNames, true};

}  // namespace sluice::app

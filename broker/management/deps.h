// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "broker/api/types.h"
#include "broker/session/session_manager.h"
#include "shared/base/shard.h"

namespace sluice {
class Listener;
}

namespace sluice::management {

/// One bound listener as `listeners` shows it (manual 11.13, 13.10).
struct ListenerInfo {
  std::string protocol;  ///< "mqtt:tcp"
  std::string listen;    ///< "0.0.0.0:1883", "8883"
  std::uint32_t acceptors = 0;
  std::uint32_t max_clients = 0;
  std::int64_t current_clients = 0;
  std::vector<std::pair<std::string, std::uint64_t>> shutdown_count;  ///< why connections were turned away; no zeros
};

/// Reads a listener. Thread: as Listener::settings(): not while the listener is reconfigured.
ListenerInfo listener_info(const Listener& listener);
/// Of a listener of datagrams, which has no connections to count.
ListenerInfo datagram_listener_info(const std::string& name, const SocketAddress& bound);

/// What management is given by the app. Everything referred to outlives Management.
struct ManagementDeps {
  ShardGroup& shards;
  session::SessionManager& sessions;
  std::string node;     ///< node.name
  std::string version;  ///< of the server
  /// Every bound listener. Called on the management thread; guards itself against a reload on another thread.
  std::function<std::vector<ListenerInfo>()> listeners;
  /// Reads mqtt.acl_file again. Empty: done; otherwise a sentence, and the old rules stay. Called on the management
  /// thread.
  std::function<std::string()> reload_acl;
};

/// The keys of management as values.
struct ManagementSettings {
  std::filesystem::path socket;           ///< <node.data_dir>/sluice.sock
  std::chrono::seconds sys_interval{60};  ///< mqtt.broker.sys_interval; 0: no `$SYS` figures at all
  Qos presence_qos = Qos::AtMostOnce;     ///< module.presence.qos
};

}  // namespace sluice::management

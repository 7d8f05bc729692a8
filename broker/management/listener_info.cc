// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <string_view>

#include "broker/management/deps.h"
#include "shared/net/listener.h"

namespace sluice::management {

ListenerInfo listener_info(const Listener& listener) {
  const ListenerSettings& settings = listener.settings();
  const ListenerProbe& probe = listener.probe();
  const bool ephemeral = settings.address == "0" || settings.address.ends_with(":0");
  ListenerInfo info{.protocol = settings.name.substr(0, settings.name.rfind(':')),
                    .listen = ephemeral ? listener.bound().to_string() : settings.address,
                    .acceptors = settings.acceptors,
                    .max_clients = settings.max_clients,
                    .current_clients = probe.current.load(std::memory_order_relaxed),
                    .shutdown_count = {}};
  const auto add = [&](std::string_view reason, const std::atomic<std::uint64_t>& count) {
    const std::uint64_t value = count.load(std::memory_order_relaxed);
    if (value > 0) info.shutdown_count.emplace_back(reason, value);
  };
  add("access_denied", probe.refused_by_access);
  add("max_clients", probe.refused_full);
  add("descriptors_exhausted", probe.refused_exhausted);
  add("proxy_error", probe.proxy_failures);
  add("tls_error", probe.tls_failures);
  add("handshake_timeout", probe.handshake_timeouts);
  add("send_timeout", probe.send_timeouts);
  return info;
}

ListenerInfo datagram_listener_info(const std::string& name, const SocketAddress& bound) {
  return {.protocol = name.substr(0, name.rfind(':')),
          .listen = bound.to_string(),
          .acceptors = 0,
          .max_clients = 0,
          .current_clients = 0,
          .shutdown_count = {}};
}

}  // namespace sluice::management

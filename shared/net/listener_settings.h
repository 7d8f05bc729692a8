// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "shared/net/access_rules.h"
#include "shared/net/rate_limiter.h"
#include "shared/net/tls_settings.h"

namespace sluice {

/// Everything `listener.<kind>.<name>` and its sub-keys say, for every kind of stream listener.
struct ListenerSettings {
  std::string name;     ///< for people: "mqtt:tcp:external"
  std::string key;      ///< for messages: "listener.tcp.external"
  std::string address;  ///< as written: "1883", "127.0.0.1:0", "[::1]:1883"

  std::uint32_t acceptors = 16;        ///< shown by `listeners`; the shards accept
  std::uint32_t max_clients = 102400;  ///< `.max_clients`; over it connections are closed at once
  std::uint32_t connection_rate = 0;   ///< new connections per second, all shards; 0: no limit; others wait
  AccessRules access;                  ///< `.access.N`, on the address of the socket (behind PROXY: the proxy's)
  RateLimit rate_limit;                ///< `.rate_limit` per connection, in bytes

  std::uint32_t backlog = 1024;
  bool reuseaddr = true;
  bool nodelay = true;
  std::optional<std::uint64_t> recbuf;  ///< bytes; unset: the kernel tunes
  std::optional<std::uint64_t> sndbuf;

  std::chrono::milliseconds send_timeout{15000};  ///< no progress of a blocked write for this long; 0: never
  bool send_timeout_close = true;                 ///< then close; otherwise count and go on
  std::chrono::milliseconds linger{5000};         ///< how long a closing connection may take to say goodbye

  bool proxy_protocol = false;
  std::chrono::milliseconds proxy_protocol_timeout{3000};

  std::optional<TlsSettings> tls;  ///< unset: plain TCP
  std::chrono::milliseconds handshake_timeout{15000};
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "broker/api/types.h"
#include "broker/session/client_session.h"
#include "shared/base/clock.h"
#include "shared/net/address.h"

namespace sluice::management {

/// What is shown of a connected client (manual 11.4, 13.4).
struct ClientRow {
  std::string client_id;
  std::string username;  ///< "undefined" for none
  SocketAddress peer;
  bool clean_start = true;
  std::uint8_t protocol_version = 4;
  std::uint16_t keep_alive_seconds = 0;
  UnixMillis connected_at = 0;
};

/// What is shown of a session (manual 11.5, 13.5).
struct SessionRow {
  std::string client_id;
  bool persistent = false;  ///< outlives its connection
  std::size_t subscriptions = 0;
  std::size_t max_inflight = 0;
  std::size_t inflight = 0;
  std::size_t queued = 0;
  std::uint64_t dropped = 0;
  std::size_t awaiting_release = 0;
  std::size_t awaiting_completion = 0;  ///< the part of inflight that waits for PUBCOMP only
  std::uint64_t delivered = 0;
  std::uint64_t enqueued = 0;
  UnixMillis created_at = 0;
};

/// One subscription (manual 11.8, 13.6).
struct SubscriptionRow {
  std::string client_id;
  std::string topic;  ///< as the client wrote it
  Qos qos = Qos::AtMostOnce;
};

// The kinds of rows that sessions have: how many rows one session is, and each of them. On the session's shard.
struct ClientRows {
  using Row = ClientRow;
  static std::size_t count(session::ClientSession& session) { return session.attached() ? 1 : 0; }
  static Row row(session::ClientSession& session, std::size_t index);
};
struct SessionRows {
  using Row = SessionRow;
  static std::size_t count(session::ClientSession&) { return 1; }
  static Row row(session::ClientSession& session, std::size_t index);
};
struct SubscriptionRows {
  using Row = SubscriptionRow;
  static std::size_t count(session::ClientSession& session) { return session.subscriptions().size(); }
  static Row row(session::ClientSession& session, std::size_t index);
};

}  // namespace sluice::management

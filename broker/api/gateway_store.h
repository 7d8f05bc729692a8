// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "broker/api/types.h"

namespace sluice {

/// What a gateway keeps: registrations, observations, topic ids. As durable as sessions are; with storage.type = ram
/// nothing outlives the server.
/// Owner: the core; one for each gateway, by name. Thread: a shard's, unless noted.
class GatewayStore {
 public:
  virtual ~GatewayStore() = default;

  /// Puts or replaces a value. It is safe once the ticket is committed (when_committed).
  virtual CommitTicket put(std::string_view key, std::string_view value) = 0;
  virtual CommitTicket erase(std::string_view key) = 0;
  /// Runs `done` on the calling shard when everything up to the ticket is safe.
  virtual void when_committed(CommitTicket ticket, std::function<void()> done) = 0;

  /// What one look-up found.
  struct Value {
    enum class State : std::uint8_t { Absent, Found, Unreadable };
    State state = State::Absent;
    std::string value;  ///< if Found

    [[nodiscard]] bool found() const { return state == State::Found; }
  };
  /// Reads behind everything that was put before; `done` runs on the calling shard.
  virtual void get(std::string_view key, std::function<void(Value)> done) = 0;
  /// Visits all keys that begin with `prefix`, in order, a page at a time, on the calling shard; `end` runs behind the
  /// last one, with false if there may be more, which cannot be read. What is put or erased meanwhile may be seen or
  /// not.
  using Visitor = std::function<void(std::string_view key, std::string_view value)>;
  using End = std::function<void(bool all)>;
  virtual void scan(std::string_view prefix, Visitor visitor, End end) = 0;
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/session/restored_session.h"
#include "broker/storage/kv_store.h"
#include "broker/storage/record_format.h"
#include "broker/storage/store_health.h"

namespace sluice::session {

/// One queued message of an earlier server, as it waits from now on: without its body, unless it came through a shared
/// subscription (`group` is then its text) or `keep_topic` asks for its topic (for priorities).
struct ReadEntry {
  QueuedMessage queued;
  std::string group;
  bool released = false;
};

/// Reads what an earlier server knew of its sessions. A record that cannot be read is logged, counted and passed over,
/// and the store's health is told. Thread: the store's reader.
class SessionReading {
 public:
  SessionReading(const storage::KvStore& store, storage::StoreHealth& health) : store_(store), health_(health) {}

  /// One session with everything but its queue; its places go on from `first_place`, or later. `session` stays empty if
  /// it is not there, or its record cannot be read. Fails only where the store does.
  storage::StoreStatus read(storage::SessionId id, Place first_place, std::optional<RestoredSession>& session) const;
  /// nullopt: it cannot be read.
  [[nodiscard]] std::optional<ReadEntry> entry(storage::SessionId session, Place place, std::string_view value,
                                               bool keep_topic) const;
  /// Of a record that cannot be read.
  void note_unreadable(std::string_view what, storage::SessionId session, const ErrorCode& error) const;

 private:
  [[nodiscard]] storage::StoreStatus read_own(storage::SessionId id, Place first_place,
                                              std::optional<RestoredSession>& session) const;
  [[nodiscard]] storage::StoreStatus read_will(RestoredSession& session) const;
  [[nodiscard]] storage::StoreStatus read_subscriptions(RestoredSession& session) const;
  [[nodiscard]] storage::StoreStatus read_received(RestoredSession& session) const;
  [[nodiscard]] MessagePtr body(const storage::QueueRecord& record, bool whole) const;

  const storage::KvStore& store_;
  storage::StoreHealth& health_;
};

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/session/restored_session.h"
#include "broker/storage/kv_store.h"

namespace sluice::session {

/// Reads one session with everything but its queue; its places go on from `first_place`, or later. `session` stays
/// empty if it is not there, or its record cannot be read (logged). Fails only where the store does. Thread: the
/// store's reader.
storage::StoreStatus read_session(const storage::KvStore& store, storage::SessionId id, Place first_place,
                                  std::optional<RestoredSession>& session);

/// One queued message of an earlier server, as it waits from now on: without its body, unless it came through a shared
/// subscription (`group` is then its text) or `keep_topic` asks for its topic (for priorities).
struct ReadEntry {
  QueuedMessage queued;
  std::string group;
  bool released = false;
};
/// nullopt: it cannot be read (logged, counted).
std::optional<ReadEntry> read_entry(const storage::KvStore& store, storage::SessionId session, Place place,
                                    std::string_view value, bool keep_topic);

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "broker/session/queued_message.h"
#include "broker/storage/record_format.h"

namespace sluice::session {

/// What a session that is kept on disk has beside the others.
/// Owner and thread: its session.
struct DurableState {
  storage::SessionId id = 0;
  /// Places from here on were given out by this server.
  Place first_own_place = kFirstPlace;
  /// What has a lower place may have been sent by an earlier server.
  Place sent_before = 0;
  /// So many of them may have been unacknowledged.
  std::uint16_t sent_window = 0;
  /// The place whose turn it is: those that publishers on several shards took, or that wait for a commit, do not come
  /// in order.
  Place next_arrival = kFirstPlace;
  std::map<Place, QueuedMessage> early;  ///< came before their turn
  /// So many times its client came and the store does not know yet.
  std::uint16_t announcing = 0;
  /// The store has, or will have, a record that says that its client has gone.
  bool was_away = false;
  bool will_saved = false;
  bool has_note = false;      ///< the store has a note of a front end, or may have one of an earlier server's
  bool awaits_queue = false;  ///< an earlier server's queue has not been read yet

  /// It was there before this server, each start of which has places of its own above the first (first_place_of_start).
  [[nodiscard]] bool is_restored() const { return first_own_place != kFirstPlace; }
};

}  // namespace sluice::session

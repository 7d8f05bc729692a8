// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/session/queued_message.h"
#include "broker/session/session_table.h"
#include "broker/session/subscription_list.h"
#include "broker/storage/shard_journal.h"
#include "broker/storage/storage.h"

namespace sluice::session {

/// How many places of a session are given out before it is written down again how far they may go.
inline constexpr Place kPlaceBlock = 8192;
/// Every start of the server has this many places of its own for each session, so that none is given out twice,
/// whatever of the start before had reached the store. A session that used more of them is followed by what was written
/// down.
inline constexpr unsigned kBitsOfPlacesPerStart = 24;
/// Where the places of a restored session begin in the server's n-th start, at least.
constexpr Place first_place_of_start(std::uint32_t start) {
  constexpr std::uint32_t kLast = (1U << (SessionTable::kPlaceBits - kBitsOfPlacesPerStart)) - 1;
  return Place{start < kLast ? start : kLast} << kBitsOfPlacesPerStart;
}

/// What becomes of sessions, as changes to the store: one function per kind of record.
/// Owner: the shard's context. Thread: the shard. Everything goes into the batch of the shard's turn, but for what
/// announce_session() says.
class SessionRecords {
 public:
  SessionRecords(storage::Storage& storage, Shard& shard)
      : storage_(storage), shard_(shard), journal_(shard, storage.log()) {}

  [[nodiscard]] storage::ShardJournal& journal() { return journal_; }
  [[nodiscard]] storage::Storage& storage() { return storage_; }

  void put_session(storage::SessionId session, const storage::SessionRecord& record);
  /// As put_session(); `done` runs on the shard when the store has it, or cannot have it for now. If the journal is
  /// held it is written ahead of it as well: the journal, which leaves later, has the last word. Requires: then, that
  /// the store has the session already.
  void announce_session(storage::SessionId session, const storage::SessionRecord& record, std::function<void()> done);
  /// The session's own records; its queue, subscriptions and packet ids have functions of their own.
  void erase_session(storage::SessionId session);
  void put_will(storage::SessionId session, const WillRequest& will, UnixMillis due_at);
  void erase_will(storage::SessionId session);
  void put_note(storage::SessionId session, std::string_view note);
  void erase_note(storage::SessionId session);
  void put_subscription(storage::SessionId session, const OwnSubscription& subscription);
  void erase_subscription(storage::SessionId session, std::string_view filter);
  void put_inbound(storage::SessionId session, PacketId id, UnixMillis now);
  void erase_inbound(storage::SessionId session, PacketId id);

  /// The message waits for the session, whole. Requires: a place. `group`: the shared subscription's text, or empty.
  void put_queued(storage::SessionId session, const QueuedMessage& queued, std::string_view group);
  /// A message that several sessions refer to: `sessions` of them.
  storage::MessageId put_shared(const Message& message, std::size_t sessions);
  /// PUBREC came: only the packet id is left.
  void put_released(storage::SessionId session, const QueuedMessage& queued);
  void erase_queued(storage::SessionId session, const QueuedMessage& queued);
  /// To be called for every place that was taken: now and then it has to be written down.
  void note_place(storage::SessionId session, Place place);

 private:
  /// One queue less refers to the message; known to the other shards when this turn's batch has left, so that none
  /// erases the message before.
  void release_shared(storage::MessageId id);
  void tell_released();

  storage::Storage& storage_;
  Shard& shard_;
  storage::ShardJournal journal_;
  std::string value_;                         ///< scratch
  std::vector<storage::MessageId> released_;  ///< in this turn
};

}  // namespace sluice::session

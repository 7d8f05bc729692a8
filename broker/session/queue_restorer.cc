// SPDX-License-Identifier: Apache-2.0
#include "broker/session/queue_restorer.h"

#include <string>
#include <utility>

#include "broker/session/client_session.h"
#include "broker/session/message_loader.h"
#include "broker/session/session_probe.h"
#include "shared/base/shard.h"

namespace sluice::session {
namespace {

using storage::KvStore;
using storage::StoreReader;
using storage::StoreStatus;
using storage::Table;

constexpr std::size_t kRecordsAtOnce = 4096;

}  // namespace

/// Where the walk over all queues is.
struct QueueRestorer::Scan {
  std::string from;
  storage::SessionId session = 0;
  Entries entries;              ///< of `session`
  storage::WriteBatch orphans;  ///< of sessions that nobody knows
  std::vector<storage::MessageId> shared_by_orphans;
};

QueueRestorer::QueueRestorer(SessionCore& core, RestoreFailure& failure)
    : core_(core), failure_(failure), keep_topics_(core.contexts.front()->settings.queue.by_priority) {}

void QueueRestorer::expect(storage::SessionId id, SessionRef session, Place end) {
  const MutexLock lock(mutex_);
  owners_.emplace(id, Owner{session, end});
}

void QueueRestorer::start(std::function<void()> on_step) {
  on_step_ = std::move(on_step);
  core_.storage->reader().read(StoreReader::Urgency::Background,
                               [this](const KvStore& store) { read_some(store, std::make_shared<Scan>()); });
}

void QueueRestorer::hurry(storage::SessionId id) {
  core_.storage->reader().read(StoreReader::Urgency::Client, [this, id](const KvStore& store) { read_one(store, id); });
}

std::optional<ReadEntry> QueueRestorer::read_entry(const KvStore& store, storage::SessionId id, Place place,
                                                   std::string_view value) const {
  return SessionReading(store, core_.storage->health()).entry(id, place, value, keep_topics_);
}

void QueueRestorer::read_some(const KvStore& store, std::shared_ptr<Scan> scan) {
  if (failure_.happened()) return;
  std::size_t seen = 0;
  bool whole = true;
  const storage::SessionId own = core_.storage->first_session_id();
  const StoreStatus status =
      store.scan(Table::Queues, {}, scan->from, [&](std::string_view key, std::string_view value) {
        if (seen++ == kRecordsAtOnce) {
          scan->from = key;
          whole = false;
          return false;
        }
        const auto id = storage::session_of(key);
        const auto place = storage::place_of(key);
        if (!id || !place || *id >= own) return true;
        if (*id != scan->session) {
          finish(*scan);
          scan->session = *id;
        }
        const Place end = end_of(*id);
        if (end == 0) {
          note_orphan(store, *scan, key, value);
        } else if (*place < end) {
          if (auto entry = read_entry(store, *id, *place, value)) scan->entries.push_back(std::move(*entry));
        }
        return true;
      });
  if (failure_.note(status)) return;
  on_step_();
  if (!whole) {
    core_.storage->reader().read(StoreReader::Urgency::Background,
                                 [this, scan = std::move(scan)](const KvStore& kv) { read_some(kv, scan); });
    return;
  }
  finish(*scan);
  // They stay, and what they refer to with them.
  if (core_.storage->health().has(storage::StoreTrouble::Damaged)) {
    for (const storage::MessageId id : scan->shared_by_orphans) core_.storage->shared_records().add(id, 1);
  }
  erase_unused(std::move(scan->orphans));
  end(store);
}

void QueueRestorer::note_orphan(const KvStore& store, Scan& scan, std::string_view key, std::string_view value) {
  const auto record = storage::decode_queue(value);
  if (!record) {
    const auto session = storage::session_of(key);
    SessionReading(store, core_.storage->health())
        .note_unreadable("a queued message", session ? *session : 0, record.error());
    return;
  }
  Leftover leftover = Leftover::Useless;
  // While the store is damaged, its session may be there but cannot be read.
  if (!core_.storage->health().has(storage::StoreTrouble::Damaged)) {
    leftover = hand_on_orphan(*core_.contexts.front(), store, key, *record);
  }
  const storage::MessageId shared = record->message_id;
  if (leftover != Leftover::Useless) {
    // The record may stay for longer than this restore lasts. The next one finds a message that nobody refers to.
    if (shared != 0) core_.storage->shared_records().add(shared, 1);
    return;
  }
  scan.orphans.erase(Table::Queues, key);
  if (shared != 0) scan.shared_by_orphans.push_back(shared);
}

void QueueRestorer::erase_unused(storage::WriteBatch unused) {
  // What nobody seems to know may belong to a session whose record could not be read.
  if (unused.empty() || core_.storage->health().has(storage::StoreTrouble::Damaged)) return;
  core_.storage->log().submit(std::move(unused), nullptr, 0);
}

void QueueRestorer::finish(Scan& scan) {
  if (!scan.entries.empty()) hand_over(scan.session, std::exchange(scan.entries, {}));
}

Place QueueRestorer::end_of(storage::SessionId id) {
  const MutexLock lock(mutex_);
  const auto found = owners_.find(id);
  return found == owners_.end() ? 0 : found->second.end;
}

bool QueueRestorer::awaited(storage::SessionId id) {
  const MutexLock lock(mutex_);
  const auto found = owners_.find(id);
  return found != owners_.end() && found->second.session;
}

std::optional<SessionRef> QueueRestorer::take_owner(storage::SessionId id) {
  const MutexLock lock(mutex_);
  const auto found = owners_.find(id);
  if (found == owners_.end() || !found->second.session) return std::nullopt;
  // It is known still, so that its records are nobody's orphans.
  return std::exchange(found->second.session, {});
}

void QueueRestorer::read_one(const KvStore& store, storage::SessionId id) {
  if (!awaited(id)) return;
  const Place end = end_of(id);
  Entries entries;
  const StoreStatus status =
      store.scan(Table::Queues, storage::session_key(id), {}, [&](std::string_view key, std::string_view value) {
        const auto place = storage::place_of(key);
        if (!place || *place >= end) return true;
        if (auto entry = read_entry(store, id, *place, value)) entries.push_back(std::move(*entry));
        return true;
      });
  if (!failure_.note(status)) hand_over(id, std::move(entries));
}

void QueueRestorer::hand_over(storage::SessionId id, Entries entries) {
  const std::optional<SessionRef> owner = take_owner(id);
  if (!owner) return;
  // Of a session that has ended meanwhile, too: its records are still to be read, by erase_unread_queue().
  for (const ReadEntry& entry : entries) {
    if (entry.queued.shared_record != 0) core_.storage->shared_records().add(entry.queued.shared_record, 1);
  }
  const std::uint32_t where = core_.table.shard_of(*owner);
  if (where == SessionTable::kNowhere) return;
  SessionContext& context = *core_.contexts[where];
  messages_.fetch_add(entries.size(), std::memory_order_relaxed);
  probe().messages_restored.add(entries.size());
  context.shard.post([this, &context, owner = *owner, entries = std::make_shared<Entries>(std::move(entries))] {
    restore_on(context, owner, std::move(*entries));
  });
}

void QueueRestorer::restore_on(SessionContext& context, SessionRef owner, Entries entries) {
  ClientSession* const session = core_.table.find(owner, context.shard.index());
  if (session == nullptr || !session->awaits_queue()) return;
  RestoredQueue queue;
  for (ReadEntry& entry : entries) {
    QueuedMessage& queued = entry.queued;
    if (!entry.group.empty()) queued.group = core_.router.find_group(context.shard.index(), entry.group);
    (entry.released ? queue.released : queue.waiting).push_back(std::move(queued));
  }
  session->restore_queue(std::move(queue));
}

void QueueRestorer::hand_over_the_empty() {
  std::vector<storage::SessionId> empty;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, owner] : owners_) {
      if (owner.session) empty.push_back(id);
    }
  }
  for (const storage::SessionId id : empty) hand_over(id, {});
}

storage::WriteBatch QueueRestorer::unused_messages(const KvStore& store) {
  storage::SharedRecords& shared = core_.storage->shared_records();
  storage::WriteBatch unused;
  // Before end_restore(): afterwards those that are not known are erased by whoever released them last, too.
  static_cast<void>(store.scan(Table::Messages, {}, {}, [&](std::string_view key, std::string_view) {
    const auto id = storage::message_of(key);
    if (id && *id < core_.storage->first_message_id() && !shared.known(*id)) unused.erase(Table::Messages, key);
    return true;
  }));
  for (const storage::MessageId id : shared.end_restore()) unused.erase(Table::Messages, storage::message_key(id));
  return unused;
}

void QueueRestorer::end(const KvStore& store) {
  hand_over_the_empty();
  // Behind everything that was handed to the shards.
  core_.contexts.front()->shard.group().run_on_all([](Shard&) {});
  erase_unused(unused_messages(store));
  {
    const MutexLock lock(mutex_);
    owners_.clear();
  }
  over_.store(true, std::memory_order_release);
  on_step_();
}

}  // namespace sluice::session

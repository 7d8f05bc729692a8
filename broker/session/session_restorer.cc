// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_restorer.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "broker/session/client_session.h"
#include "broker/session/publish_pipeline.h"
#include "broker/session/session_probe.h"
#include "broker/storage/storage_probe.h"
#include "shared/base/text_hash.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

using storage::KvStore;
using storage::StoreReader;
using storage::StoreStatus;
using storage::Table;

constexpr std::size_t kSessionsAtOnce = 256;
/// Tasks that may wait for the shards: more would only fill memory.
constexpr std::size_t kMostHanded = 64;
constexpr auto kReportEvery = std::chrono::seconds(1);

void log_restored(std::string_view what, TimePoint began) {
  log::get("session").info("restored {} in {} ms", what,
                           std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count());
}

/// Of two with one client id, which a kill may leave, the earlier one had ended.
void erase_ended(storage::WriteBatch& batch, storage::SessionId id) {
  batch.erase(Table::Sessions, storage::session_key(id));
  batch.erase(Table::Sessions, storage::places_key(id));
  batch.erase(Table::Wills, storage::session_key(id));
}

/// It expired while no server was there.
bool is_over(const storage::SessionRecord& record) {
  return record.detached_at != 0 && record.expiry_seconds != kNeverExpires &&
         record.detached_at + static_cast<UnixMillis>(record.expiry_seconds) * 1000 <= unix_millis();
}

}  // namespace

SessionRestorer::SessionRestorer(SessionCore& core, std::function<void(const std::string&)> on_failure)
    : core_(core),
      failure_(std::move(on_failure)),
      first_place_(first_place_of_start(core.storage->starts())),
      queues_(core, failure_) {}

SessionRestorer::~SessionRestorer() { stop(); }

void SessionRestorer::prepare() {
  core_.storage->shared_records().begin_restore();
  if (core_.retainer.durable()) core_.retainer.expect_load();
  for (const auto& context : core_.contexts) {
    context->parked.begin();
    context->records->journal().hold();
  }
}

void SessionRestorer::start() {
  began_ = reported_ = Clock::now();
  core_.storage->reader().read(StoreReader::Urgency::Client, [this](const KvStore& store) { read_index(store); });
  retained_ = std::thread([this] { load_retained(); });
}

void SessionRestorer::stop() {
  if (retained_.joinable()) retained_.join();
}

bool SessionRestorer::over() const {
  return queues_.over() && core_.released.load(std::memory_order_acquire) == core_.contexts.size();
}

RestoreProgress SessionRestorer::progress() const {
  using Phase = RestoreProgress::Phase;
  const bool loading = core_.retainer.loading();
  Phase phase = loading ? Phase::Retained : Phase::Over;
  if (!queues_.over()) phase = sessions_are_there() ? Phase::Queues : Phase::Sessions;
  return {.phase = phase,
          .sessions = sessions_back_.load(std::memory_order_relaxed),
          .of = sessions_found_.load(std::memory_order_relaxed),
          .messages = queues_.messages(),
          .retained = loading ? core_.retainer.count() : retained_back_.load(std::memory_order_relaxed)};
}

SessionReading SessionRestorer::reading(const KvStore& store) const { return {store, core_.storage->health()}; }

void SessionRestorer::hurry(const ClientSession& session) { queues_.hurry(session.durable_id()); }

void SessionRestorer::report() {
  if (queues_.over()) {
    const std::size_t sessions = std::exchange(order_, {}).size();
    if (sessions + queues_.messages() == 0) return;
    log_restored(fmt::format("{} sessions and {} queued messages", sessions, queues_.messages()), began_);
    return;
  }
  const TimePoint now = Clock::now();
  if (now - reported_ < kReportEvery) return;
  reported_ = now;
  const RestoreProgress so_far = progress();
  log::get("session").info("restoring: {} of {} sessions, {} queued messages, {} retained messages", so_far.sessions,
                           so_far.of, so_far.messages, so_far.retained);
}

SessionContext& SessionRestorer::home_of(std::string_view client_id) const {
  return *core_.contexts[SharedTextHash()(client_id) % core_.contexts.size()];
}

void SessionRestorer::read_index(const KvStore& store) {
  const StoreStatus status = store.scan(Table::Sessions, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto id = storage::session_of(key);
    if (!id || storage::is_places_key(key)) return true;
    if (const auto record = storage::decode_session(value)) {
      order_.emplace_back(record->client_id, *id);
    } else {
      reading(store).note_unreadable("a session", *id, record.error());
    }
    return true;
  });
  if (failure_.note(status)) return;
  std::vector<std::pair<std::string, std::vector<Waiter>>> early;
  storage::WriteBatch ended;
  {
    const MutexLock lock(mutex_);
    for (const auto& [client_id, id] : order_) {
      Expected& expected = expected_[client_id];
      if (expected.id != 0) erase_ended(ended, expected.id);
      expected.id = id;
    }
    sessions_found_.store(expected_.size(), std::memory_order_relaxed);
    index_read_ = true;
    for (auto& [client_id, waiters] : early_) early.emplace_back(client_id, std::move(waiters));
    early_.clear();
  }
  if (!ended.empty()) core_.storage->log().submit(std::move(ended), nullptr, 0);
  for (auto& [client_id, waiters] : early) {
    for (Waiter& waiter : waiters) {
      Shard& shard = *waiter.shard;
      if (ready(client_id, shard, waiter.ready)) shard.post([go_on = std::move(waiter.ready)] { go_on(); });
    }
  }
  core_.storage->reader().read(StoreReader::Urgency::Background, [this](const KvStore& kv) { read_some(kv); });
}

bool SessionRestorer::ready(std::string_view client_id, Shard& shard, std::function<void()> ready) {
  if (sessions_done_.load(std::memory_order_acquire)) return true;
  const MutexLock lock(mutex_);
  if (!index_read_) {
    early_[std::string(client_id)].push_back({&shard, std::move(ready)});
    return false;
  }
  const auto found = expected_.find(std::string(client_id));
  if (found == expected_.end()) return true;
  found->second.waiters.push_back({&shard, std::move(ready)});
  if (found->second.progress == Progress::Reading) return false;
  core_.storage->reader().read(StoreReader::Urgency::Client, [this, id = found->second.id, name = found->first](
                                                                 const KvStore& store) { read_one(store, name, id); });
  return false;
}

bool SessionRestorer::take_unread(const std::string& client_id, storage::SessionId id) {
  const MutexLock lock(mutex_);
  const auto found = expected_.find(client_id);
  if (found == expected_.end() || found->second.id != id || found->second.progress != Progress::Unread) return false;
  found->second.progress = Progress::Reading;
  return true;
}

void SessionRestorer::read_one(const KvStore& store, const std::string& client_id, storage::SessionId id) {
  if (!take_unread(client_id, id)) return;
  std::optional<RestoredSession> session;
  if (failure_.note(reading(store).read(id, first_place_, session))) return;
  if (!session) {
    settled(client_id);
    return;
  }
  Restored one;
  one.push_back(std::move(*session));
  hand_over(std::move(one));
}

void SessionRestorer::read_some(const KvStore& store) {
  if (failure_.happened()) return;
  std::vector<Restored> by_shard(core_.contexts.size());
  const std::size_t end = handed_.load() > kMostHanded ? next_ : std::min(order_.size(), next_ + kSessionsAtOnce);
  for (; next_ < end; ++next_) {
    const auto& [client_id, id] = order_[next_];
    if (!take_unread(client_id, id)) continue;
    std::optional<RestoredSession> session;
    if (failure_.note(reading(store).read(id, first_place_, session))) return;
    if (session) {
      by_shard[home_of(client_id).shard.index()].push_back(std::move(*session));
    } else {
      settled(client_id);
    }
  }
  for (Restored& sessions : by_shard) {
    if (!sessions.empty()) hand_over(std::move(sessions));
  }
  report();
  const bool more = next_ < order_.size() || handed_.load() > 0;
  if (!more) {
    sessions_done_.store(true, std::memory_order_release);
    part_done();
    queues_.start([this] { report(); });
    return;
  }
  // Nothing to read but something to wait for: the shards are busy with it.
  if (next_ == order_.size() || handed_.load() > kMostHanded) std::this_thread::yield();
  core_.storage->reader().read(StoreReader::Urgency::Background, [this](const KvStore& kv) { read_some(kv); });
}

void SessionRestorer::hand_over(Restored sessions) {
  SessionContext& home = home_of(sessions.front().record.client_id);
  handed_.fetch_add(1);
  home.shard.post([this, &home, sessions = std::make_shared<Restored>(std::move(sessions))] {
    restore_on(home, *sessions);
    handed_.fetch_sub(1);
  });
}

void SessionRestorer::restore_on(SessionContext& context, Restored& sessions) {
  for (RestoredSession& restored : sessions) {
    const std::string client_id = restored.record.client_id;
    auto session = std::make_unique<ClientSession>(context, client_id);
    if (session->open() && core_.registry.insert(session->client_id(), session->ref())) {
      queues_.expect(restored.id, session->ref(), restored.next_place);
      const bool over = is_over(restored.record);
      ClientSession* const back = session.release();
      back->restore(std::move(restored));
      // Ended here and not by its timer: its client may come back before that fires.
      if (over) {
        probe().expired.add();
        back->end(Reason::Success);
      }
      probe().restored.add();
    } else {
      log::get("session").error("a session could not be restored: client_id={} reason={}", log::loggable(client_id),
                                session->ref() ? "the client id has one already" : "no place is left");
    }
    settled(client_id);
  }
}

void SessionRestorer::settled(const std::string& client_id) {
  std::vector<Waiter> waiters;
  {
    const MutexLock lock(mutex_);
    const auto found = expected_.find(client_id);
    if (found == expected_.end()) return;
    waiters = std::move(found->second.waiters);
    expected_.erase(found);
    sessions_back_.fetch_add(1, std::memory_order_relaxed);
  }
  for (Waiter& waiter : waiters) {
    Shard& shard = *waiter.shard;
    shard.post([go_on = std::move(waiter.ready)] { go_on(); });
  }
}

void SessionRestorer::load_retained() {
  if (core_.retainer.loading()) {
    const std::size_t back = core_.retainer.load(unix_millis());
    if (const std::string problem = core_.retainer.load_problem(); !problem.empty()) {
      failure_.note(problem);
      return;
    }
    retained_back_.store(back, std::memory_order_relaxed);
    if (back > 0) log_restored(fmt::format("{} retained messages", back), began_);
  }
  part_done();
}

void SessionRestorer::part_done() {
  if (parts_.fetch_sub(1) != 1) return;
  for (const auto& context : core_.contexts) {
    context->shard.post([target = context.get()] { publish_parked(*target); });
  }
}

}  // namespace sluice::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/commit_log.h"

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/storage/record_format.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"

namespace sluice::storage {
namespace {

/// How often a flush looks whether there is still something to wait for.
constexpr auto kLookAfter = std::chrono::milliseconds(100);
constexpr auto kRetryAfter = std::chrono::seconds(1);
/// A write that takes longer is worth a line.
constexpr auto kSlowWrite = std::chrono::seconds(1);

void note_slow(Duration took) {
  static log::RateLimit limit(1);
  if (took < kSlowWrite) return;
  probe().slow_writes.add();
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("storage").warn("a write took {} ms; acknowledgements waited for it ({} like this not shown)",
                             std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), hushed);
  }
}

}  // namespace

CommitLog::CommitLog(KvStore& store, StoreHealth& health, CommitSettings settings, std::uint64_t last_batch)
    : store_(store), health_(health), settings_(std::move(settings)), last_batch_(last_batch) {}

CommitLog::~CommitLog() { stop(); }

void CommitLog::start() {
  writer_ = std::thread([this] { write_loop(); });
  if (settings_.sync == SyncPolicy::Interval) syncer_ = std::thread([this] { sync_loop(); });
}

void CommitLog::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  tick_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (syncer_.joinable()) syncer_.join();
}

void CommitLog::enqueue(Entry entry) {
  const std::size_t bytes = entry.batch.bytes();
  bool first = false;
  {
    const std::lock_guard guard(mutex_);
    first = waiting_.empty();
    waiting_.push_back(std::move(entry));
  }
  if (bytes > 0) note_backlog(backlog_.fetch_add(bytes, std::memory_order_relaxed) + bytes);
  if (first) work_.notify_one();
}

void CommitLog::submit(WriteBatch batch, CommitListener* listener, CommitTicket ticket) {
  enqueue({std::move(batch), listener, ticket, {}});
}

void CommitLog::after_writes(std::function<void()> job) {
  if (health_.has(StoreTrouble::Failing)) {
    job();
  } else {
    enqueue({{}, nullptr, 0, std::move(job)});
  }
}

bool CommitLog::flush() {
  // Shared: the wait may be over before the job is run.
  const auto promise = std::make_shared<std::promise<void>>();
  const std::future<void> written = promise->get_future();
  after_writes([promise] { promise->set_value(); });
  while (written.wait_for(kLookAfter) != std::future_status::ready) {
    if (health_.has(StoreTrouble::Failing)) return false;
  }
  return !health_.has(StoreTrouble::Failing) && store_.sync().ok();
}

void CommitLog::note_backlog(std::size_t bytes) {
  if (bytes > settings_.max_backlog) {
    health_.begin(StoreTrouble::Slow, fmt::format("{} bytes wait to be written, {} may", bytes, settings_.max_backlog));
  } else if (bytes <= settings_.max_backlog / 2 && health_.has(StoreTrouble::Slow)) {
    health_.end(StoreTrouble::Slow);
  }
}

void CommitLog::write_loop() {
  std::vector<Entry> group;
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    group.clear();
    group.swap(waiting_);
    lock.unlock();
    write_group(group);
    lock.lock();
  }
}

void CommitLog::write_group(std::vector<Entry>& group) {
  WriteBatch late;
  for (LateChanges* const source : late_sources_) source->collect(late);
  std::vector<const WriteBatch*> batches;
  std::size_t bytes = 0;
  for (const Entry& entry : group) {
    bytes += entry.batch.bytes();
    if (!entry.batch.empty()) batches.push_back(&entry.batch);
  }
  if (!late.empty()) batches.push_back(&late);
  if (!batches.empty()) {
    WriteBatch number;
    std::string value;
    encode_number(last_batch_.load(std::memory_order_relaxed) + 1, value);
    number.put(Table::Meta, kBatchKey, value);
    batches.push_back(&number);
    if (!write_until_done(batches)) {
      log::get("storage").error("{} changes could not be written before the server ended", batches.size());
      return;
    }
  }
  if (bytes > 0) note_backlog(backlog_.fetch_sub(bytes, std::memory_order_relaxed) - bytes);
  tell(group);
}

bool CommitLog::write_until_done(const std::vector<const WriteBatch*>& batches) {
  const Durability durability = settings_.sync == SyncPolicy::Always ? Durability::Power : Durability::Process;
  const std::uint64_t number = last_batch_.load(std::memory_order_relaxed) + 1;
  for (;;) {
    const TimePoint begin = Clock::now();
    const StoreStatus status = store_.write(batches, durability);
    note_slow(Clock::now() - begin);
    if (status.ok()) break;
    probe().write_errors.add();
    health_.begin(StoreTrouble::Failing, status.text());
    std::unique_lock lock(mutex_);
    if (work_.wait_for(lock, kRetryAfter, [this] { return stopping_; })) return false;
    lock.unlock();
    static_cast<void>(store_.recover());
  }
  health_.end(StoreTrouble::Failing);
  last_batch_.store(number, std::memory_order_relaxed);
  if (settings_.on_written) settings_.on_written(number);
  unsynced_.fetch_add(1, std::memory_order_relaxed);
  probe().groups.add();
  for (const WriteBatch* const batch : batches) probe().changes.add(batch->count());
  return true;
}

void CommitLog::tell(const std::vector<Entry>& group) {
  // Only the last ticket of each listener says something.
  std::vector<std::pair<CommitListener*, CommitTicket>> last;
  for (const Entry& entry : group) {
    if (entry.listener == nullptr) continue;
    const auto known = std::ranges::find(last, entry.listener, &std::pair<CommitListener*, CommitTicket>::first);
    if (known == last.end()) {
      last.emplace_back(entry.listener, entry.ticket);
    } else {
      known->second = entry.ticket;
    }
  }
  for (const auto& [listener, ticket] : last) listener->on_committed(ticket);
  for (const Entry& entry : group) {
    if (entry.job) entry.job();
  }
}

void CommitLog::sync_loop() {
  std::unique_lock lock(mutex_);
  for (bool more = true; more;) {
    more = !tick_.wait_for(lock, settings_.sync_interval, [this] { return stopping_; });
    if (unsynced_.exchange(0, std::memory_order_relaxed) == 0) continue;
    lock.unlock();
    const TimePoint begin = Clock::now();
    const StoreStatus status = store_.sync();
    probe().syncs.add();
    note_slow(Clock::now() - begin);
    if (!status.ok()) {
      probe().write_errors.add();
      unsynced_.fetch_add(1, std::memory_order_relaxed);
      health_.begin(StoreTrouble::Failing, status.text());
      submit({}, nullptr, 0);  // the writer's next success ends the trouble
    }
    lock.lock();
  }
}

}  // namespace sluice::storage

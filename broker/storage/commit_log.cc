// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/commit_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/storage/record_format.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"

namespace sluice::storage {
namespace {

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Worth a line.
void count_slow(std::string_view what, Duration took) {
  static log::RateLimit limit(1);
  probe().slow_writes.add();
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("storage").warn("a {} took {} ms; what waited for it was acknowledged late ({} like this not shown)", what,
                             milliseconds(took), hushed);
  }
}

std::string_view advice(StoreErrc code) {
  switch (code) {
    case StoreErrc::NoSpace:
      return "; make room on its file system";
    case StoreErrc::ReadOnly:
      return "; make its file system and files writable";
    case StoreErrc::Io:
      return "; look at the device";
    default:
      return {};
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
  if (settings_.sync != SyncPolicy::Always) sync_written();  // what the writer wrote behind the syncer's back
}

void CommitLog::enqueue(Entry entry) {
  const std::size_t bytes = entry.batch.bytes();
  // Before the writer can see the entry, and take its bytes off again.
  if (bytes > 0) backlog_.fetch_add(bytes, std::memory_order_relaxed);
  bool first = false;
  {
    const std::lock_guard guard(mutex_);
    first = waiting_.empty();
    waiting_.push_back(std::move(entry));
  }
  if (first) work_.notify_one();
  if (bytes > 0) note_backlog();
}

void CommitLog::submit(WriteBatch batch, CommitListener* listener, CommitTicket ticket) {
  enqueue({std::move(batch), listener, ticket, {}});
}

void CommitLog::after_writes(Job job) {
  {
    const std::lock_guard guard(mutex_);
    // Looked at under the lock: whoever begins this trouble takes the jobs that wait afterwards.
    if (!health_.has(StoreTrouble::Failing)) {
      waiting_.push_back({{}, nullptr, 0, std::move(job)});
      work_.notify_one();
      return;
    }
  }
  job(false);
}

bool CommitLog::flush() {
  std::mutex mutex;
  std::condition_variable written;
  bool done = false;
  bool success = false;
  after_writes([&](bool all) {
    const std::lock_guard guard(mutex);
    done = true;
    success = all;
    written.notify_one();
  });
  {
    std::unique_lock lock(mutex);
    written.wait(lock, [&] { return done; });
  }
  return success && store_.sync().ok();
}

void CommitLog::note_backlog() {
  if (const std::size_t bytes = backlog(); bytes > settings_.max_backlog && !overloaded_.exchange(true)) {
    const std::string why =
        fmt::format("{} bytes wait to be written, {} may: what adds to them is refused until half of that is left",
                    bytes, settings_.max_backlog);
    log::get("storage").warn("{}", why);
    tell_slow(why);
  }
  // Not "else": the writer may have been faster than this thread, and come by here before it.
  if (backlog() <= settings_.max_backlog / 2 && overloaded_.exchange(false)) {
    log::get("storage").warn("what adds to what waits to be written is taken again");
    tell_slow({});
  }
}

void CommitLog::tell_slow(const std::string& why) {
  // Whoever changed a reason comes by here afterwards: the last one sees how things stand.
  const std::lock_guard guard(telling_);
  if (overloaded_ || slow()) {
    health_.begin(StoreTrouble::Slow, why.empty() ? "the disk is slower than what comes in" : why);
  } else {
    health_.end(StoreTrouble::Slow);
  }
}

void CommitLog::look_at_clock() {
  look_at(write_);
  look_at(sync_);
  if (write_.so_far() > Duration::zero() || (!slow() && !health_.has(StoreTrouble::Failing))) return;
  const std::lock_guard guard(mutex_);
  if (waiting_.empty()) waiting_.emplace_back();
  work_.notify_one();
}

void CommitLog::look_at(TimedCall& call) {
  const Duration so_far = call.so_far();
  if (so_far < settings_.slow_after) return;
  call.set_slow(true);
  tell_slow(fmt::format("a {} has been under way for {} ms", call.name(), milliseconds(so_far)));
}

void CommitLog::note_took(TimedCall& call, Duration took) {
  if (took >= settings_.slow_after) {
    count_slow(call.name(), took);
    call.set_slow(true);
    tell_slow(fmt::format("a {} took {} ms", call.name(), milliseconds(took)));
  } else if (call.set_slow(false)) {
    tell_slow({});
  }
}

void CommitLog::note_failed(const StoreStatus& status, std::vector<Entry>& group) {
  probe().write_errors.add();
  health_.begin(StoreTrouble::Failing, status.text() + std::string(advice(status.code())));
  std::vector<Job> jobs;
  const auto take = [&jobs](Entry& entry) {
    if (entry.job) jobs.push_back(std::exchange(entry.job, {}));
  };
  std::ranges::for_each(group, take);
  {
    const std::lock_guard guard(mutex_);
    std::ranges::for_each(waiting_, take);
  }
  for (const Job& job : jobs) job(false);
}

void CommitLog::give_up(std::size_t changes) {
  given_up_ = true;
  log::get("storage").error("{} batches could not be written before the server ended; none was acknowledged", changes);
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
    if (given_up_) {
      for (const Entry& entry : group) {
        if (entry.job) entry.job(false);
      }
    } else {
      write_group(group);
    }
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
  // In trouble even an empty batch is written: to see whether it is over.
  if (!batches.empty() || slow() || health_.has(StoreTrouble::Failing)) {
    WriteBatch number;
    std::string value;
    encode_number(last_batch_.load(std::memory_order_relaxed) + 1, value);
    number.put(Table::Meta, kBatchKey, value);
    batches.push_back(&number);
    if (!write_until_done(batches, group)) {
      give_up(group.size());
      return;
    }
  }
  backlog_.fetch_sub(bytes, std::memory_order_relaxed);
  note_backlog();
  tell(group);
}

bool CommitLog::write_until_done(const std::vector<const WriteBatch*>& batches, std::vector<Entry>& group) {
  const Durability durability = settings_.sync == SyncPolicy::Always ? Durability::Power : Durability::Process;
  const std::uint64_t number = last_batch_.load(std::memory_order_relaxed) + 1;
  for (;;) {
    write_.begin();
    const StoreStatus status = store_.write(batches, durability);
    note_took(write_, write_.end());
    if (status.ok()) break;
    note_failed(status, group);
    std::unique_lock lock(mutex_);
    if (work_.wait_for(lock, settings_.retry_after, [this] { return stopping_; })) return false;
    lock.unlock();
    static_cast<void>(store_.recover());
  }
  health_.end(StoreTrouble::Failing);
  last_batch_.store(number, std::memory_order_relaxed);
  unsynced_.fetch_add(1, std::memory_order_relaxed);
  probe().groups.add();
  std::size_t bytes = 0;
  for (const WriteBatch* const batch : batches) {
    probe().changes.add(batch->count());
    bytes += batch->bytes();
  }
  if (settings_.on_written) settings_.on_written(number, bytes);
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
    if (entry.job) entry.job(true);
  }
}

void CommitLog::sync_written() {
  if (health_.has(StoreTrouble::Failing) || unsynced_.exchange(0, std::memory_order_relaxed) == 0) return;
  sync_.begin();
  const StoreStatus status = store_.sync();
  probe().syncs.add();
  note_took(sync_, sync_.end());
  if (status.ok()) return;
  probe().write_errors.add();
  unsynced_.fetch_add(1, std::memory_order_relaxed);
  health_.begin(StoreTrouble::Failing, status.text() + std::string(advice(status.code())));
  submit({}, nullptr, 0);  // the writer recovers the store, and ends the trouble
}

void CommitLog::sync_loop() {
  std::unique_lock lock(mutex_);
  for (bool more = true; more;) {
    more = !tick_.wait_for(lock, settings_.sync_interval, [this] { return stopping_; });
    if (!more) break;
    lock.unlock();
    sync_written();
    lock.lock();
  }
}

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#include "broker/management/storage_jobs.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "shared/log/log.h"

namespace sluice::management {

StorageJobs::Job StorageJobs::shown(const Entry& entry) {
  Job job = entry.job;
  if (job.running) job.took = Clock::now() - entry.began;
  return job;
}

std::optional<StorageJobs::Job> StorageJobs::begin(Kind kind, std::filesystem::path folder) {
  const std::lock_guard guard(mutex_);
  if (stopped_ || (!entries_.empty() && entries_.back().job.running)) return std::nullopt;
  if (thread_.joinable()) thread_.join();  // it has nothing left to do but to end
  const std::uint64_t number = entries_.empty() ? 1 : entries_.back().job.number + 1;
  entries_.push_back(
      {{.number = number, .kind = kind, .folder = folder, .running = true, .took = {}, .failure = {}}, Clock::now()});
  if (entries_.size() > kMostRemembered) entries_.pop_front();
  thread_ = std::thread([this, kind, folder = std::move(folder)] { run(kind, folder); });
  return shown(entries_.back());
}

std::optional<StorageJobs::Job> StorageJobs::find(std::uint64_t number) const {
  const std::lock_guard guard(mutex_);
  const auto found =
      std::ranges::find_if(entries_, [number](const Entry& entry) { return entry.job.number == number; });
  return found == entries_.end() ? std::nullopt : std::optional(shown(*found));
}

std::optional<StorageJobs::Job> StorageJobs::last() const {
  const std::lock_guard guard(mutex_);
  return entries_.empty() ? std::nullopt : std::optional(shown(entries_.back()));
}

void StorageJobs::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
  }
  if (!thread_.joinable()) return;
  storage_->store().interrupt();
  thread_.join();
}

void StorageJobs::run(Kind kind, const std::filesystem::path& folder) {
  const storage::StoreStatus status = work(kind, folder);
  const std::string what = kind == Kind::Backup ? "backup in " + folder.string() : "compaction of the store";
  const std::lock_guard guard(mutex_);
  Entry& entry = entries_.back();
  entry.job.took = Clock::now() - entry.began;
  entry.job.failure = status.text();
  entry.job.running = false;
  if (status.ok()) {
    log::get("storage").info("{}: done in {} ms", what,
                             std::chrono::duration_cast<std::chrono::milliseconds>(entry.job.took).count());
  } else {
    log::get("storage").error("{}: {}", what, status.text());
  }
}

storage::StoreStatus StorageJobs::work(Kind kind, const std::filesystem::path& folder) {
  if (kind == Kind::Compact) return storage_->store().compact();
  // What was acknowledged before is in the store then, and with that in the backup.
  if (!storage_->log().flush()) {
    return {storage::StoreErrc::Io, "the store cannot be written to: " + storage_->health().why()};
  }
  return storage_->store().backup(folder);
}

}  // namespace sluice::management

// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/space_watch.h"

#include <algorithm>
#include <string>
#include <sys/statvfs.h>
#include <utility>

#include <fmt/format.h>

#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"

namespace sluice::storage {
namespace {

/// A compaction costs writing the store again: between two of them, so many times what the last one took.
constexpr int kCompactionShare = 10;
constexpr auto kLeastPause = std::chrono::seconds(5);

/// What may be written unseen.
constexpr std::uint64_t kLeastUnseen = std::uint64_t{256} << 10;
constexpr std::uint64_t kMostUnseen = std::uint64_t{64} << 20;

std::int64_t ticks(TimePoint when) { return when.time_since_epoch().count(); }

std::uint64_t share(std::uint64_t bytes, unsigned percent) {
  return bytes / 100 * percent + bytes % 100 * percent / 100;
}

std::function<bool(FileSystemSpace&)> of_folder(const std::filesystem::path& folder) {
  return [folder](FileSystemSpace& space) {
    struct statvfs found{};
    if (folder.empty() || ::statvfs(folder.c_str(), &found) != 0) return false;
    space = {found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail};
    return true;
  };
}

}  // namespace

SpaceWatch::SpaceWatch(KvStore& store, StoreHealth& health, SpaceSettings settings)
    : store_(store),
      health_(health),
      settings_([&] {
        if (!settings.measure) settings.measure = of_folder(settings.folder);
        return std::move(settings);
      }()),
      step_(settings_.max_bytes == 0 ? kMostUnseen : std::clamp(settings_.max_bytes / 64, kLeastUnseen, kMostUnseen)) {}

SpaceWatch::~SpaceWatch() { stop(); }

void SpaceWatch::start(std::function<void()> tick) {
  tick_ = std::move(tick);
  watcher_ = std::thread([this] { run(); });
  compactor_ = std::thread([this] { compact(); });
}

void SpaceWatch::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  store_.interrupt();
  if (watcher_.joinable()) watcher_.join();
  if (compactor_.joinable()) compactor_.join();
}

void SpaceWatch::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, kEvery, [this] { return stopping_ || look_due_; });
    if (stopping_) return;
    look_due_ = false;
    lock.unlock();
    tick_();
    look();
    lock.lock();
  }
}

void SpaceWatch::note_written(std::size_t bytes) {
  if (written_.fetch_add(bytes, std::memory_order_relaxed) + bytes < step_) return;
  written_.store(0, std::memory_order_relaxed);
  {
    const std::lock_guard guard(mutex_);
    look_due_ = true;
  }
  wake_.notify_all();
}

void SpaceWatch::look() {
  FileSystemSpace space;
  if (!settings_.measure(space)) space = {0, UINT64_MAX};
  const std::uint64_t used = store_.figures().disk_bytes;
  const std::uint64_t limit = settings_.max_bytes != 0 ? settings_.max_bytes : share(space.total, 90);
  const std::uint64_t reserve = std::min(share(space.total, 10), kReserve);
  if (limit != 0 && used >= limit) {
    health_.begin(StoreTrouble::Full,
                  fmt::format("{}: the store takes {} bytes, {} may it take", settings_.folder.string(), used, limit));
  } else if (space.available < reserve) {
    health_.begin(StoreTrouble::Full, fmt::format("{}: the file system has {} bytes left, {} have to stay free",
                                                  settings_.folder.string(), space.available, reserve));
  } else if ((limit == 0 || used < share(limit, 95)) && space.available >= share(reserve, 125)) {
    health_.end(StoreTrouble::Full);
  }
  if (health_.has(StoreTrouble::Full)) consider_compaction(used, space.available);
}

void SpaceWatch::consider_compaction(std::uint64_t disk_bytes, std::uint64_t available) {
  // It writes before it erases: where there is no room for that it would do harm.
  if (compacting_ || disk_bytes >= available || ticks(Clock::now()) < next_compaction_) return;
  if (health_.has(StoreTrouble::Failing)) return;
  {
    const std::lock_guard guard(mutex_);
    compaction_due_ = true;
  }
  wake_.notify_all();
}

void SpaceWatch::compact() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || compaction_due_; });
    if (stopping_) return;
    compaction_due_ = false;
    compacting_ = true;
    lock.unlock();
    const TimePoint begin = Clock::now();
    const StoreStatus status = store_.compact();
    const TimePoint end = Clock::now();
    probe().compactions.add();
    const bool cancelled = [&] {
      const std::lock_guard guard(mutex_);
      return stopping_;
    }();
    if (!status.ok() && !cancelled)
      log::get("storage").warn("the full store could not be compacted: {}", status.text());
    next_compaction_ = ticks(end + std::max<Duration>(kLeastPause, kCompactionShare * (end - begin)));
    compacting_ = false;
    lock.lock();
  }
}

}  // namespace sluice::storage

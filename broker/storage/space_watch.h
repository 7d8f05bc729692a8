// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "broker/storage/kv_store.h"
#include "broker/storage/store_health.h"
#include "shared/base/clock.h"

namespace sluice::storage {

/// What a file system has, in bytes.
struct FileSystemSpace {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  ///< to this process
};

struct SpaceSettings {
  std::filesystem::path folder;
  std::uint64_t max_bytes = 0;  ///< 0: 90 % of the file system
  /// Asks for the space of the folder; false: it cannot be had. Tests put their own here.
  std::function<bool(FileSystemSpace&)> measure;
};

/// Keeps the store within `storage.max_bytes`: once a second, and whenever much was written, it compares what the files
/// take, and what the file system has left, with what they may. StoreTrouble::Full begins at the limit and ends 5 %
/// below it. While it lasts acknowledgements still erase, and a compaction now and then gives the space of what was
/// erased back.
/// The file system counts as full when less than a tenth of it is left, or less than kReserve where that is less: room
/// that erasing, recovering and restarting need.
/// Owner: Storage. Thread safety: any thread; two threads of its own, from start() to stop().
class SpaceWatch {
 public:
  static constexpr std::uint64_t kReserve = std::uint64_t{512} << 20;
  static constexpr auto kEvery = std::chrono::seconds(1);

  /// `store` and `health` outlive it.
  SpaceWatch(KvStore& store, StoreHealth& health, SpaceSettings settings);
  ~SpaceWatch();
  SpaceWatch(const SpaceWatch&) = delete;
  SpaceWatch& operator=(const SpaceWatch&) = delete;

  /// `tick` is called before each look.
  void start(std::function<void()> tick);
  /// A compaction under way is broken off.
  void stop();
  /// So many bytes were written.
  void note_written(std::size_t bytes);
  /// Looks now.
  void look();

 private:
  void run();
  void compact();
  void consider_compaction(std::uint64_t disk_bytes, std::uint64_t available);

  KvStore& store_;
  StoreHealth& health_;
  const SpaceSettings settings_;
  std::function<void()> tick_;
  std::mutex mutex_;
  std::condition_variable wake_;
  const std::uint64_t step_;  ///< bytes that may be written before it looks again
  std::atomic<std::uint64_t> written_{0};
  bool stopping_ = false;        ///< under mutex_
  bool look_due_ = false;        ///< under mutex_
  bool compaction_due_ = false;  ///< under mutex_
  std::atomic<bool> compacting_{false};
  std::atomic<std::int64_t> next_compaction_{0};  ///< ticks of the clock
  std::thread watcher_;
  std::thread compactor_;
};

}  // namespace sluice::storage

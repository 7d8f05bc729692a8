// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "broker/storage/storage.h"
#include "shared/base/clock.h"

namespace sluice::management {

/// The long work on the store that operators ask for, one piece at a time, on a thread of its own: whoever asked looks
/// after it by its number.
/// Owner: Management. Thread safety: any thread.
class StorageJobs {
 public:
  enum class Kind : std::uint8_t { Compact, Backup };
  struct Job {
    std::uint64_t number = 0;
    Kind kind = Kind::Compact;
    std::filesystem::path folder;  ///< of a backup
    bool running = true;
    Duration took{};      ///< so far, or until it was done
    std::string failure;  ///< a sentence; empty: it runs, or succeeded
  };
  /// What can still be asked about.
  static constexpr std::size_t kMostRemembered = 16;

  /// `storage` null: nothing is kept on disk, and nothing may be begun.
  explicit StorageJobs(storage::Storage* storage) : storage_(storage) {}
  /// Tells what is under way to end, and waits for it.
  ~StorageJobs() { stop(); }
  StorageJobs(const StorageJobs&) = delete;
  StorageJobs& operator=(const StorageJobs&) = delete;

  /// Begins the job; nullopt if another one is under way, or after stop(). `folder`: of a backup, must not exist.
  std::optional<Job> begin(Kind kind, std::filesystem::path folder);
  /// nullopt: it is not known, or not any more.
  [[nodiscard]] std::optional<Job> find(std::uint64_t number) const;
  /// nullopt: there was none yet.
  [[nodiscard]] std::optional<Job> last() const;
  void stop();

 private:
  struct Entry {
    Job job;
    TimePoint began{};
  };

  static Job shown(const Entry& entry);
  void run(Kind kind, const std::filesystem::path& folder);
  [[nodiscard]] storage::StoreStatus work(Kind kind, const std::filesystem::path& folder);

  storage::Storage* const storage_;
  mutable std::mutex mutex_;   // guards all below
  std::deque<Entry> entries_;  // the last one runs if any does
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace sluice::management

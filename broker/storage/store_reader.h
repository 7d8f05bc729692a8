// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "broker/storage/kv_store.h"

namespace sluice::storage {

/// Reads from the store on a thread of its own, so that no shard waits for a disk.
/// Owner: the app. Thread safety: any thread.
class StoreReader {
 public:
  /// How soon a job's turn comes.
  enum class Urgency : std::uint8_t {
    Client,      ///< somebody is connected and waits for it
    Background,  ///< whenever there is nothing else
  };
  using Job = std::function<void(const KvStore&)>;

  explicit StoreReader(const KvStore& store) : store_(store) {}
  ~StoreReader() { stop(); }
  StoreReader(const StoreReader&) = delete;
  StoreReader& operator=(const StoreReader&) = delete;

  void start();
  /// Ends after the job under way; the others are destroyed unrun.
  void stop();
  void read(Urgency urgency, Job job);

 private:
  void run();

  const KvStore& store_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job> jobs_[2];  ///< by urgency; under mutex_
  bool stopping_ = false;    ///< under mutex_
  std::thread thread_;
};

}  // namespace sluice::storage

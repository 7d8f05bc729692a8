// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <rocksdb/env.h>
#include <string>

#include "shared/base/thread_annotations.h"

namespace sluice::storage {

/// Puts RocksDB's write-ahead log on the device through a handle of its own.
/// DB::SyncWAL() would do, but it asserts that no write has just failed, and Debian's library is built with assertions:
/// a full device would end the process if one thread writes while another one syncs.
/// Thread safety: any thread.
class LogSyncer {
 public:
  LogSyncer(rocksdb::Env& env, std::string folder) : env_(env), folder_(std::move(folder)) {}

  /// What was written to any log before the call is on the device after it.
  rocksdb::Status sync();

 private:
  rocksdb::Status sync_from(std::uint64_t number, const std::string& name) REQUIRES(mutex_);

  rocksdb::Env& env_;
  const std::string folder_;
  Mutex mutex_;
  std::uint64_t number_ GUARDED_BY(mutex_) = 0;  // of file_; older logs are complete and synced
  std::unique_ptr<rocksdb::WritableFile> file_ GUARDED_BY(mutex_);
};

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <utility>

#include "broker/storage/store_status.h"

namespace sluice::storage {

/// Holds a store's folder for one user of it, in this process or another. The kernel lets go when the process ends,
/// however it ends.
class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FolderLock();

  /// Locked: somebody has it. `read_only`: makes no file for it; a folder that was never locked is not locked then.
  StoreStatus acquire(const std::filesystem::path& folder, bool read_only);

 private:
  int file_ = -1;
};

}  // namespace sluice::storage

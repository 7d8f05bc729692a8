// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/folder_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>

#include "broker/storage/system_status.h"

namespace sluice::storage {

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

StoreStatus FolderLock::acquire(const std::filesystem::path& folder, bool read_only) {
  // Not the LOCK of RocksDB: that one is let go while the database is opened anew, and does not tell who is who within
  // a process.
  const std::string name = (folder / "IN_USE").string();
  const int flags = read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC;
  file_ = ::open(name.c_str(), flags, 0640);
  if (file_ < 0) {
    if (read_only && errno == ENOENT) return {};
    return system_status(errno, name);
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return system_status(errno, name);
  return {StoreErrc::Locked, folder.string() + ": another process uses this folder; stop it, or give each its own"};
}

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/power_cut_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr std::uint64_t kSector = 512;

IOStatus no_power() { return IOStatus::IOError("no power"); }
std::string folder_of(const std::string& name) { return fs::path(name).parent_path().lexically_normal().string(); }
std::string path_of(const std::string& name) { return fs::path(name).lexically_normal().string(); }

std::string read(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class WatchedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name, PowerCutFileSystem& system)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), system_(system) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (IOStatus status = system_.before(PowerCutFileSystem::Call::Append, name_); !status.ok()) {
      if (status.IsNoSpace() && !append({data.data(), data.size() / 2}, options, debug).ok()) return no_power();
      return status;
    }
    return append(data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    if (IOStatus status = system_.before(PowerCutFileSystem::Call::Append, name_); !status.ok()) return status;
    system_.resized(name_, size);
    return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (IOStatus status = system_.before(PowerCutFileSystem::Call::Sync, name_); !status.ok()) return status;
    IOStatus status = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (status.ok()) system_.synced(name_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  IOStatus append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = FSWritableFileOwnerWrapper::Append(data, options, debug);
    if (status.ok()) system_.appended(name_, data.size());
    return status;
  }

  const std::string name_;
  PowerCutFileSystem& system_;
};

class WatchedFolder final : public rocksdb::FSDirectoryWrapper {
 public:
  WatchedFolder(std::unique_ptr<rocksdb::FSDirectory> folder, std::string name, PowerCutFileSystem& system)
      : FSDirectoryWrapper(std::move(folder)), name_(std::move(name)), system_(system) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return note(FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& how) override {
    return note(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how));
  }

 private:
  IOStatus note(IOStatus status) {
    if (IOStatus refused = system_.before(PowerCutFileSystem::Call::Sync, name_); !refused.ok()) return refused;
    if (status.ok()) system_.synced_folder(name_);
    return status;
  }

  const std::string name_;
  PowerCutFileSystem& system_;
};

/// Cuts `name` down to what a power cut leaves of it.
void lose_data(const std::string& name, std::uint64_t size, std::uint64_t synced, Unsynced unsynced) {
  if (unsynced == Unsynced::Lost) fs::resize_file(name, synced);
  if (unsynced == Unsynced::Half) fs::resize_file(name, synced + (size - synced) / 2);
  if (unsynced != Unsynced::Holes) return;
  std::string content = read(name);
  for (std::uint64_t at = (synced + kSector - 1) / kSector * kSector; at + kSector <= size; at += 2 * kSector) {
    content.replace(at, kSector, kSector, '\0');
  }
  std::ofstream(name, std::ios::binary) << content;
}

}  // namespace

void PowerCutFileSystem::cut_power() {
  const MutexLock lock(mutex_);
  dead_ = true;
}

void PowerCutFileSystem::set_fault(std::optional<Fault> fault) {
  const MutexLock lock(mutex_);
  fault_ = std::move(fault);
}

void PowerCutFileSystem::lose(Unsynced unsynced) {
  const MutexLock lock(mutex_);
  for (; !renames_.empty(); renames_.pop_back()) {
    const Rename& rename = renames_.back();
    fs::rename(rename.to, rename.from);
    if (rename.replaced) std::ofstream(rename.to, std::ios::binary) << *rename.replaced;
    files_.insert_or_assign(rename.from, files_[rename.to]);
    files_.erase(rename.to);
  }
  for (const auto& [name, file] : files_) {
    if (!file.named) {
      fs::remove(name);
    } else if (file.synced < file.size) {
      lose_data(name, file.size, file.synced, unsynced);
    }
  }
  files_.clear();
  dead_ = false;
}

bool PowerCutFileSystem::dead() const {
  const MutexLock lock(mutex_);
  return dead_;
}

IOStatus PowerCutFileSystem::before(Call call, const std::string& name) {
  const MutexLock lock(mutex_);
  if (dead_) return no_power();
  if (fault_ && fault_->call == call && name.ends_with(fault_->ending)) return fault_->error;
  return IOStatus::OK();
}

void PowerCutFileSystem::appended(const std::string& name, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  files_[name].size += bytes;
}

void PowerCutFileSystem::resized(const std::string& name, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  File& file = files_[name];
  file.size = bytes;
  file.synced = std::min(file.synced, bytes);
}

void PowerCutFileSystem::synced(const std::string& name) {
  const MutexLock lock(mutex_);
  File& file = files_[name];
  file.synced = file.size;
}

void PowerCutFileSystem::synced_folder(const std::string& folder) {
  const MutexLock lock(mutex_);
  for (auto& [name, file] : files_) file.named = file.named || folder_of(name) == folder;
  std::erase_if(renames_, [&](const Rename& rename) { return folder_of(rename.to) == folder; });
}

IOStatus PowerCutFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) {
  if (IOStatus status = before(Call::Create, name); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &file, debug);
  if (!status.ok()) return status;
  const std::string path = path_of(name);
  *result = std::make_unique<WatchedFile>(std::move(file), path, *this);
  const MutexLock lock(mutex_);
  files_[path] = {};
  return status;
}

IOStatus PowerCutFileSystem::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                IODebugContext* debug) {
  if (dead()) return no_power();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = FileSystemWrapper::ReopenWritableFile(name, options, &file, debug);
  if (status.ok()) *result = std::make_unique<WatchedFile>(std::move(file), path_of(name), *this);
  return status;
}

IOStatus PowerCutFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                          std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> folder;
  IOStatus status = FileSystemWrapper::NewDirectory(name, options, &folder, debug);
  if (status.ok()) *result = std::make_unique<WatchedFolder>(std::move(folder), path_of(name), *this);
  return status;
}

IOStatus PowerCutFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  if (dead()) return no_power();
  IOStatus status = FileSystemWrapper::DeleteFile(name, options, debug);
  const MutexLock lock(mutex_);
  if (!status.ok()) return status;
  files_.erase(path_of(name));
  std::erase_if(renames_, [&](const Rename& rename) { return rename.to == path_of(name); });
  return status;
}

IOStatus PowerCutFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                        IODebugContext* debug) {
  if (dead()) return no_power();
  Rename rename{path_of(from), path_of(to), {}};
  if (fs::exists(to)) rename.replaced = read(to);
  IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  const MutexLock lock(mutex_);
  if (const auto file = files_.find(rename.from); file != files_.end()) {
    files_.insert_or_assign(rename.to, file->second);
    files_.erase(rename.from);
  }
  renames_.push_back(std::move(rename));
  return status;
}

}  // namespace sluice::test

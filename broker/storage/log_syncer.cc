// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/log_syncer.h"

#include <charconv>
#include <map>
#include <string_view>
#include <vector>

namespace sluice::storage {
namespace {

constexpr std::string_view kEnding = ".log";

/// 0: not the name of a log.
std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0;
  if (!name.ends_with(kEnding)) return 0;
  name.remove_suffix(kEnding.size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

}  // namespace

rocksdb::Status LogSyncer::sync() {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  rocksdb::Status status = env_.GetChildren(folder_, &names);
  std::map<std::uint64_t, std::string> logs;
  for (const std::string& name : names) {
    if (const std::uint64_t number = number_of(name); number != 0 && number >= number_) logs.emplace(number, name);
  }
  for (auto log = logs.begin(); log != logs.end() && status.ok(); ++log) status = sync_from(log->first, log->second);
  return status;
}

rocksdb::Status LogSyncer::sync_from(std::uint64_t number, const std::string& name) {
  if (file_ && number == number_) return file_->Sync();
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env_.ReopenWritableFile(folder_ + "/" + name, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Sync();
  // Its name has to last, too.
  std::unique_ptr<rocksdb::Directory> folder;
  if (status.ok()) status = env_.NewDirectory(folder_, &folder);
  if (status.ok()) status = folder->Fsync();
  if (!status.ok()) return status;
  file_ = std::move(file);
  number_ = number;
  return status;
}

}  // namespace sluice::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <rocksdb/file_system.h>
#include <string>
#include <vector>

#include "shared/base/thread_annotations.h"

namespace sluice::test {

/// What a power cut leaves of bytes that were written and not synced.
enum class Unsynced : std::uint8_t {
  Lost,   ///< nothing
  Half,   ///< the first half
  Holes,  ///< all but every other sector of 512 bytes, which is zeros: the device wrote in an order of its own
};

/// A file system that knows what would survive a power cut, and can fail. Files lie in the real one.
/// Data survives as far as its file was synced; a new file or a new name survives if its folder was synced; what was
/// deleted is gone at once, the hardest case.
/// Thread safety: any thread.
class PowerCutFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  /// One kind of call that fails, on files whose name ends so (empty: all).
  enum class Call : std::uint8_t { Append, Sync, Create };
  struct Fault {
    Call call;
    std::string ending;
    rocksdb::IOStatus error;
  };

  PowerCutFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "PowerCutFileSystem"; }

  /// From now on every call that would change something fails and changes nothing.
  void cut_power();
  /// After cut_power() and when nobody has a file open: makes the files what they would be after it.
  void lose(Unsynced unsynced = Unsynced::Lost);
  /// A failed append leaves half of its bytes in the file, as a full device does. nullopt: nothing fails any more.
  void set_fault(std::optional<Fault> fault);

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // For its files.
  rocksdb::IOStatus before(Call call, const std::string& name);
  void appended(const std::string& name, std::uint64_t bytes);
  void resized(const std::string& name, std::uint64_t bytes);
  void synced(const std::string& name);
  void synced_folder(const std::string& folder);

 private:
  struct File {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
    bool named = false;  ///< its name survives
  };
  struct Rename {
    std::string from;
    std::string to;
    std::optional<std::string> replaced;  ///< what `to` held before
  };

  bool dead() const;

  mutable Mutex mutex_;
  bool dead_ GUARDED_BY(mutex_) = false;
  std::optional<Fault> fault_ GUARDED_BY(mutex_);
  std::map<std::string, File> files_ GUARDED_BY(mutex_);  // those that were made here
  std::vector<Rename> renames_ GUARDED_BY(mutex_);        // that would not survive, in their order
};

}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/log_check.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include "broker/storage/log_scan.h"
#include "broker/storage/system_status.h"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

struct Log {
  fs::path file;
  LogScan scan;
};

/// In the order in which they were written: RocksDB numbers them, in at least six digits.
StoreStatus read_logs(const fs::path& folder, std::vector<Log>& logs) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    if (at->path().extension() == ".log") logs.push_back({at->path(), {}});
  }
  if (error) return system_status(error.value(), folder.string());
  const auto order = [](const Log& log) { return std::pair(log.file.native().size(), log.file); };
  std::ranges::sort(logs, {}, order);
  for (Log& log : logs) {
    if (StoreStatus status = scan_log(log.file, log.scan); !status.ok()) return status;
  }
  return {};
}

/// Whether what cannot be read may be what was written last before a kill or a power cut: then nothing can be read
/// behind it, or some of it had not reached the device, which shows as zeros, and nobody was told that it had.
/// A log begins when all before it is on the device: where its first write cannot be read, what lies behind must not
/// know of any later sync.
bool is_torn(const LogScan& scan, std::uint64_t synced) {
  if (!scan.readable_behind) return true;
  return scan.hole && (scan.next_sequence ? *scan.next_sequence > synced : scan.first_mark == synced);
}

StoreStatus damaged(const fs::path& log, std::uint64_t at, std::string_view what) {
  return {StoreErrc::Corrupt, log.string() + ": " + std::string(what) + " at byte " + std::to_string(at) +
                                  "; restore the store from a backup, or start once with "
                                  "storage.accept_log_loss = true to lose what was written after that place"};
}

void cut(const Log& log, std::uint64_t length, LogCheck& check) {
  check.cuts.push_back({log.file, length});
  if (!log.scan.begun && length != 0) return;  // nothing but zeros is lost
  check.dropped_bytes += log.scan.size - length;
  check.dropped_writes += std::max<std::uint64_t>(log.scan.writes_behind, 1);
}

}  // namespace

StoreStatus check_logs(const fs::path& folder, bool accept_loss, LogCheck& check) {
  std::vector<Log> logs;
  if (StoreStatus status = read_logs(folder, logs); !status.ok()) return status;
  std::uint64_t synced = 0;
  for (const Log& log : logs) synced = std::max(synced, log.scan.synced);
  const Log* previous = nullptr;  // the last log with a write
  bool lost = false;
  for (const Log& log : logs) {
    const LogScan& scan = log.scan;
    if (lost) {
      cut(log, 0, check);
      continue;
    }
    // Numbers run on from log to log; a write that failed leaves none out.
    if (previous != nullptr && scan.first_sequence.value_or(0) > previous->scan.next_sequence.value_or(0)) {
      if (!accept_loss) return damaged(previous->file, previous->scan.whole_bytes, "writes are missing");
      lost = true;
      cut(log, 0, check);
      continue;
    }
    if (scan.first_sequence) previous = &log;
    if (scan.clean()) continue;
    if (!is_torn(scan, synced)) {
      if (!accept_loss) return damaged(log.file, scan.damage_at, "damaged");
      lost = true;
    }
    cut(log, scan.whole_bytes, check);
  }
  return {};
}

StoreStatus cut_logs(const LogCheck& check) {
  for (const LogCheck::Cut& cut : check.cuts) {
    const int file = ::open(cut.log.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return system_status(errno, cut.log.string());
    const bool done = ::ftruncate(file, static_cast<off_t>(cut.length)) == 0 && ::fsync(file) == 0;
    const int error = errno;
    ::close(file);
    if (!done) return system_status(error, cut.log.string());
  }
  return {};
}

}  // namespace sluice::storage

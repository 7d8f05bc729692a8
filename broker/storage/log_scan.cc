// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/log_scan.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <boost/crc.hpp>

#include "broker/storage/system_status.h"

namespace sluice::storage {
namespace {

constexpr std::size_t kBlock = 32768;
constexpr std::size_t kHeader = 7;
constexpr std::size_t kSector = 512;
/// Sequence number, count, and the mark: tag, length, number.
constexpr std::size_t kCountAt = 8;
constexpr std::size_t kMarkAt = 12;
constexpr std::size_t kNumber = 8;
constexpr std::size_t kHead = kMarkAt + 2 + kNumber;
constexpr char kLogDataTag = 3;

enum class Part : std::uint8_t { Full = 1, First, Middle, Last };

struct Fragment {
  Part part;
  std::string_view bytes;
};

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8 | static_cast<std::uint8_t>(bytes[at + i - 1]);
  return number;
}

/// CRC-32C as RocksDB stores it.
std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = crc.checksum();
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8U;
}

/// The fragment at the beginning of `bytes`, which end with its block; nullopt: there is none that is whole.
std::optional<Fragment> fragment_at(std::string_view bytes) {
  if (bytes.size() < kHeader) return std::nullopt;
  const std::size_t length = number_at(bytes, 4, 2);
  const auto type = static_cast<std::uint8_t>(bytes[6]);
  if (type < static_cast<std::uint8_t>(Part::Full) || type > static_cast<std::uint8_t>(Part::Last)) return std::nullopt;
  if (kHeader + length > bytes.size()) return std::nullopt;
  if (masked_crc(bytes.substr(6, 1 + length)) != number_at(bytes, 0, 4)) return std::nullopt;
  return Fragment{static_cast<Part>(type), bytes.substr(kHeader, length)};
}

bool all_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

class Scanner {
 public:
  explicit Scanner(LogScan& scan) : scan_(scan) {}

  /// Blocks in their order; only the last may be shorter.
  void block(std::string_view bytes, std::uint64_t offset) {
    std::size_t at = 0;
    if (!damaged_) at = read_whole(bytes, offset);
    if (damaged_) search(bytes.substr(at), offset + at);
  }
  void end(std::uint64_t size) {
    scan_.size = size;
    if (!damaged_ && in_write_) damage(size);  // ends within a write, at the end of a fragment
    if (!damaged_) scan_.whole_bytes = size;
  }

 private:
  /// Returns how far the block could be read.
  std::size_t read_whole(std::string_view bytes, std::uint64_t offset) {
    std::size_t at = 0;
    while (bytes.size() - at >= kHeader) {
      const std::optional<Fragment> fragment = fragment_at(bytes.substr(at));
      if (!fragment || !take(*fragment, offset + at)) {
        damage(offset + at);
        return at;
      }
      at += kHeader + fragment->bytes.size();
      if (!in_write_) scan_.whole_bytes = offset + at;
    }
    // What is too short for a header is filled with zeros, in a block that is complete.
    if (at < bytes.size() && (bytes.size() < kBlock || !all_zero(bytes.substr(at)))) damage(offset + at);
    return at;
  }

  void damage(std::uint64_t at) {
    damaged_ = true;
    scan_.damage_at = at;
    if (at > scan_.whole_bytes) scan_.begun = true;
  }

  bool take(const Fragment& fragment, std::uint64_t at) {
    const bool begins = fragment.part == Part::Full || fragment.part == Part::First;
    if (begins == in_write_) return false;
    if (begins) head_.clear();
    head_.append(fragment.bytes.substr(0, kHead - std::min(kHead, head_.size())));
    in_write_ = fragment.part == Part::First || fragment.part == Part::Middle;
    if (begins) scan_.whole_bytes = at;
    return in_write_ || end_write();
  }

  bool end_write() {
    if (head_.size() < kMarkAt) return false;
    const std::uint64_t sequence = number_at(head_, 0, kNumber);
    if (!scan_.first_sequence) scan_.first_sequence = sequence;
    scan_.next_sequence = sequence + number_at(head_, kCountAt, 4);
    note_mark(head_);
    return true;
  }

  void note_mark(std::string_view head) {
    if (head.size() < kHead || head[kMarkAt] != kLogDataTag || head[kMarkAt + 1] != static_cast<char>(kNumber)) return;
    const std::uint64_t mark = number_at(head, kMarkAt + 2, kNumber);
    if (!scan_.first_mark) scan_.first_mark = mark;
    scan_.synced = std::max(scan_.synced, mark);
  }

  /// Looks for fragments behind the damage: at the beginning of a block, or, in the block where the damage is, at any
  /// place from which on whole fragments reach its end. A payload may well look like a fragment; it does not reach it.
  void search(std::string_view bytes, std::uint64_t offset) {
    const bool first = !searched_;
    searched_ = true;
    const std::size_t tries = first ? bytes.size() : 1;
    for (std::size_t at = 0; at < tries; ++at) {
      if (!(first ? reaches_end(bytes.substr(at)) : fragment_at(bytes).has_value())) continue;
      scan_.readable_behind = true;
      scan_.begun = true;
      look_for_hole(bytes.substr(0, at), offset);
      count(bytes.substr(at));
      return;
    }
    if (!scan_.readable_behind) look_for_hole(bytes, offset);
    if (!all_zero(bytes)) scan_.begun = true;
  }

  static bool reaches_end(std::string_view bytes) {
    bool any = false;
    while (bytes.size() >= kHeader) {
      const std::optional<Fragment> fragment = fragment_at(bytes);
      if (!fragment) return false;
      any = true;
      bytes.remove_prefix(kHeader + fragment->bytes.size());
    }
    return any && all_zero(bytes);
  }

  void count(std::string_view bytes) {
    while (const std::optional<Fragment> fragment = fragment_at(bytes)) {
      if (fragment->part == Part::Full || fragment->part == Part::First) {
        ++scan_.writes_behind;
        note_mark(fragment->bytes.substr(0, kHead));
      }
      bytes.remove_prefix(kHeader + fragment->bytes.size());
    }
  }

  void look_for_hole(std::string_view bytes, std::uint64_t offset) {
    const std::size_t skip = static_cast<std::size_t>((kSector - offset % kSector) % kSector);
    for (std::size_t at = skip; at + kSector <= bytes.size() && !scan_.hole; at += kSector) {
      scan_.hole = all_zero(bytes.substr(at, kSector));
    }
  }

  LogScan& scan_;
  std::string head_;  // of the write that is being read
  bool in_write_ = false;
  bool damaged_ = false;
  bool searched_ = false;
};

}  // namespace

std::string sync_mark(std::uint64_t synced) {
  std::string mark;
  for (std::size_t i = 0; i < kNumber; ++i) mark.push_back(static_cast<char>(synced >> (8 * i) & 0xff));
  return mark;
}

StoreStatus scan_log(const std::filesystem::path& file, LogScan& scan) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return system_status(errno, file.string());
  std::array<char, kBlock> block;
  Scanner scanner(scan);
  std::uint64_t offset = 0;
  StoreStatus status;
  for (;;) {
    const ssize_t got = ::pread(opened, block.data(), block.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = system_status(errno, file.string());
    if (got <= 0) break;
    scanner.block({block.data(), static_cast<std::size_t>(got)}, offset);
    offset += static_cast<std::uint64_t>(got);
    if (static_cast<std::size_t>(got) < block.size()) break;
  }
  ::close(opened);
  scanner.end(offset);
  return status;
}

}  // namespace sluice::storage

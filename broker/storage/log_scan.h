// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "broker/storage/store_status.h"

/// RocksDB's write-ahead log, read without RocksDB: its own reader drops what it cannot read or refuses it, but does
/// not tell the torn end of a log from damage in what had been safe. A log is blocks of 32 KB filled with fragments:
/// checksum (4), length (2), type (1), bytes; no fragment crosses a block. One write is one fragment or several: its
/// sequence number (8), how many changes (4), the changes. Every write of a store begins with a mark (see sync_mark).
namespace sluice::storage {

/// What every write carries in front of its changes: the last sequence number that was on the device before it.
std::string sync_mark(std::uint64_t synced);

/// What one log holds.
struct LogScan {
  std::uint64_t size = 0;
  std::uint64_t whole_bytes = 0;                ///< up to the end of the last write before the first damage
  std::uint64_t damage_at = 0;                  ///< where the first fragment begins that cannot be read
  std::optional<std::uint64_t> first_sequence;  ///< of the first write
  std::optional<std::uint64_t> next_sequence;   ///< the one that the first write after whole_bytes has to have
  std::optional<std::uint64_t> first_mark;      ///< of the first write that can be read, maybe behind the damage
  std::uint64_t synced = 0;                     ///< the highest mark in any write, those behind the damage included
  std::uint64_t writes_behind = 0;              ///< writes that begin behind the damage and can be read
  bool readable_behind = false;                 ///< something behind the damage can be read
  bool begun = false;                           ///< behind whole_bytes lies more than zeros
  bool hole = false;  ///< where the damage is, a sector is all zeros: it was never written to the device

  [[nodiscard]] bool clean() const { return whole_bytes == size; }
};

StoreStatus scan_log(const std::filesystem::path& file, LogScan& scan);

}  // namespace sluice::storage

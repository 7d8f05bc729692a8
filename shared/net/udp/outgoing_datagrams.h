// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shared/net/datagram.h"

namespace sluice {

/// Datagrams on their way out, first in, first out, in memory that is used again and again: nothing is allocated for
/// one of them, and what a burst took is given back by settle().
/// Owner and thread: the UdpSocket's.
class OutgoingDatagrams {
 public:
  struct Entry {
    DatagramPath path;
    std::uint32_t length = 0;
    std::size_t offset = 0;
  };

  void push(const DatagramPath& path, std::span<const std::byte> bytes);
  /// The first `count` have left, one way or the other.
  void pop(std::size_t count) { first_ += count; }
  /// Makes room at the front; when nothing waits, keeps at most about kKept bytes. Moves what bytes_of() has returned.
  void settle();

  [[nodiscard]] bool empty() const { return first_ == entries_.size(); }
  [[nodiscard]] std::span<const Entry> waiting() const { return std::span(entries_).subspan(first_); }
  [[nodiscard]] std::span<const std::byte> bytes_of(const Entry& entry) const {
    return std::span(bytes_).subspan(entry.offset, entry.length);
  }
  /// Bytes that the waiting ones take, their addresses included.
  [[nodiscard]] std::size_t size() const;
  /// Bytes that another one of `length` would add to size().
  static constexpr std::size_t cost(std::size_t length) { return length + sizeof(Entry); }

  static constexpr std::size_t kKept = 128UL * 1024;

 private:
  std::vector<std::byte> bytes_;
  std::vector<Entry> entries_;
  std::size_t first_ = 0;  ///< entries before it have left
};

}  // namespace sluice

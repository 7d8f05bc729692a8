// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "shared/net/datagram.h"
#include "shared/net/udp/message_arrays.h"

namespace sluice {

/// The datagrams that one recvmmsg() fetches, each in a place of its own in memory that others use too.
/// Owner and thread: the UdpSocket's.
class ReceiveBatch {
 public:
  struct Received {
    Datagram datagram;
    bool truncated = false;  ///< it was larger than its place
    /// How many datagrams the socket has lost so far, modulo 2^32; the kernel says it only once it has lost some.
    std::optional<std::uint32_t> kernel_drops;
  };

  /// Makes places of `largest` bytes (at least 1) in `memory`: kMost, or as many as there is room for, at least one.
  void divide(std::span<std::byte> memory, std::size_t largest);
  /// One system call; at most `capacity()` datagrams, which at() describes until the memory is used again.
  /// -1: none, and errno says why.
  int receive(int fd);
  [[nodiscard]] Received at(std::size_t index) const;
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  MessageArrays arrays_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;  ///< headers that the kernel has written to
};

}  // namespace sluice

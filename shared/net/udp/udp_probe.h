// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice {

/// What is counted at a UDP listener. The process's totals are in the metrics registry, as "udp/…".
enum class UdpCount : std::uint8_t {
  Received,  ///< datagrams given to the protocol
  BytesReceived,
  Sent,  ///< datagrams that the kernel took
  BytesSent,
  Truncated,        ///< dropped: larger than `max_datagram`
  RefusedByAccess,  ///< dropped: an access rule denies the peer
  KernelDrops,      ///< lost before they were read: the socket's receive buffer was full
  SendErrors,       ///< dropped: the kernel refused this one
  Overflows,        ///< dropped: `max_queued` bytes waited for the kernel already
  ReceiveCalls,     ///< recvmmsg()
  SendCalls,        ///< sendmmsg()
};
inline constexpr std::size_t kUdpCounts = 11;

/// One shard's share of a listener's counts; counting takes no bus lock and touches no other shard's memory.
/// Thread: add() in the shard's turn only; value() anywhere.
class UdpProbe {
 public:
  UdpProbe();
  /// Here and in the process's total.
  void add(UdpCount what, std::uint64_t n = 1);
  [[nodiscard]] std::uint64_t value(UdpCount what) const {
    return counts_[static_cast<std::size_t>(what)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kUdpCounts> counts_{};
};

}  // namespace sluice

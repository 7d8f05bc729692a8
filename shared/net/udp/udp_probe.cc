// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/udp_probe.h"

#include "shared/metrics/registry.h"

namespace sluice {
namespace {

/// In the order of UdpCount; registered on first use.
const std::array<metrics::Counter, kUdpCounts>& totals() {
  static const std::array<metrics::Counter, kUdpCounts> counters{{
      {"udp/received", "Datagrams given to a protocol"},
      {"udp/received/bytes", "Bytes of these"},
      {"udp/sent", "Datagrams sent"},
      {"udp/sent/bytes", "Bytes of these"},
      {"udp/dropped/truncated", "Datagrams dropped because they were larger than the listener takes"},
      {"udp/dropped/access", "Datagrams dropped by access rules"},
      {"udp/dropped/kernel", "Datagrams lost because a socket's receive buffer was full"},
      {"udp/dropped/send_error", "Datagrams that the kernel refused to send"},
      {"udp/dropped/overflow", "Datagrams dropped because too many waited to be sent"},
      {"udp/calls/receive", "System calls that received datagrams"},
      {"udp/calls/send", "System calls that sent datagrams"},
  }};
  return counters;
}

}  // namespace

UdpProbe::UdpProbe() { static_cast<void>(totals()); }

void UdpProbe::add(UdpCount what, std::uint64_t n) {
  const auto index = static_cast<std::size_t>(what);
  std::atomic<std::uint64_t>& count = counts_[index];
  count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  totals()[index].add(n);
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "shared/net/address.h"
#include "shared/net/udp/message_arrays.h"
#include "shared/net/udp/outgoing_datagrams.h"

namespace sluice {

/// The datagrams that one sendmmsg() takes.
/// Owner and thread: the UdpSocket's.
class SendBatch {
 public:
  explicit SendBatch(const SocketAddress& bound) : bound_(bound) {}

  /// Describes the first that wait, at most kMost, and returns how many. The queue must stay as it is while they are
  /// sent, but for pop().
  std::size_t describe(const OutgoingDatagrams& queue);
  /// One system call for those described from `first` up to `end`: how many the kernel took, or -1 and errno, which
  /// concerns the first alone (or, EAGAIN, all).
  int send(int fd, std::size_t first, std::size_t end);

 private:
  void describe_control(msghdr& header, const DatagramPath& path) const;

  const SocketAddress bound_;
  MessageArrays arrays_;
};

}  // namespace sluice

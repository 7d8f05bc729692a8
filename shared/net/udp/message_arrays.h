// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sluice {

/// What recvmmsg() and sendmmsg() work on: headers that point, once and for all, to the memory beside them.
struct MessageArrays {
  static constexpr std::size_t kMost = 64;
  /// Room for the packet's addresses and the socket's count of losses.
  static constexpr std::size_t kControl = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t));
  struct alignas(cmsghdr) Control {
    std::array<std::byte, kControl> bytes;
  };

  MessageArrays() {
    for (std::size_t i = 0; i < kMost; ++i) {
      msghdr& header = headers[i].msg_hdr;
      header.msg_name = &names[i];
      header.msg_iov = &pieces[i];
      header.msg_iovlen = 1;
      header.msg_control = &controls[i];
    }
  }
  MessageArrays(const MessageArrays&) = delete;
  MessageArrays& operator=(const MessageArrays&) = delete;

  std::array<mmsghdr, kMost> headers{};
  std::array<iovec, kMost> pieces{};
  std::array<sockaddr_storage, kMost> names{};
  std::array<Control, kMost> controls{};
};

}  // namespace sluice

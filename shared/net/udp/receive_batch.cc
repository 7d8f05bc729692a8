// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/receive_batch.h"

#include <algorithm>
#include <cstring>

#include "shared/net/udp/ip_scope.h"

namespace sluice {
namespace {

template <class T>
T data_of(const cmsghdr& control) {
  T data;
  std::memcpy(&data, CMSG_DATA(&control), sizeof data);
  return data;
}

/// To which address, through which interface: after a group the answer's address is the kernel's choice, and only
/// link-local addresses need the interface, so that a peer's path stays the same when its route does not.
void set_destination(Datagram& datagram, const IpBytes& destination, std::uint32_t interface) {
  DatagramPath& path = datagram.path;
  if (!datagram.multicast) path.local_ip = destination;
  if (is_link_local(path.remote.ip) || is_link_local(path.local_ip)) path.interface = interface;
}

void read_control(const cmsghdr& control, ReceiveBatch::Received& received) {
  Datagram& datagram = received.datagram;
  if (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_PKTINFO) {
    const auto info = data_of<in_pktinfo>(control);
    // They differ for groups and for every kind of broadcast address [ip(7)].
    datagram.multicast = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
    set_destination(datagram, ip_bytes(info.ipi_addr), static_cast<std::uint32_t>(info.ipi_ifindex));
  } else if (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_PKTINFO) {
    const auto info = data_of<in6_pktinfo>(control);
    const IpBytes destination = ip_bytes(info.ipi6_addr);
    datagram.multicast = is_group(destination);
    set_destination(datagram, destination, info.ipi6_ifindex);
  } else if (control.cmsg_level == SOL_SOCKET && control.cmsg_type == SO_RXQ_OVFL) {
    received.kernel_drops = data_of<std::uint32_t>(control);
  }
}

}  // namespace

void ReceiveBatch::divide(std::span<std::byte> memory, std::size_t largest) {
  largest = std::clamp<std::size_t>(largest, 1, memory.size());
  capacity_ = std::min(MessageArrays::kMost, memory.size() / largest);
  for (std::size_t i = 0; i < capacity_; ++i) {
    arrays_.pieces[i] = {.iov_base = memory.subspan(i * largest).data(), .iov_len = largest};
  }
  used_ = MessageArrays::kMost;
}

int ReceiveBatch::receive(int fd) {
  for (std::size_t i = 0; i < used_; ++i) {
    msghdr& header = arrays_.headers[i].msg_hdr;
    header.msg_namelen = sizeof arrays_.names[i];
    header.msg_controllen = sizeof arrays_.controls[i];
  }
  const int count = ::recvmmsg(fd, arrays_.headers.data(), static_cast<unsigned>(capacity_), MSG_DONTWAIT, nullptr);
  used_ = static_cast<std::size_t>(std::max(count, 0));
  return count;
}

ReceiveBatch::Received ReceiveBatch::at(std::size_t index) const {
  const mmsghdr& message = arrays_.headers[index];
  const msghdr& header = message.msg_hdr;
  Received received;
  received.datagram.bytes = {static_cast<const std::byte*>(header.msg_iov->iov_base), message.msg_len};
  received.datagram.path.remote = SocketAddress::from(arrays_.names[index]);
  received.truncated = (static_cast<unsigned>(header.msg_flags) & MSG_TRUNC) != 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&header), control)) {
    read_control(*control, received);
  }
  return received;
}

}  // namespace sluice

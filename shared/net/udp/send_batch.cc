// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/send_batch.h"

#include <algorithm>
#include <cstring>

#include "shared/net/udp/ip_scope.h"

namespace sluice {
namespace {

/// Requires: header.msg_control has room.
template <class T>
void set_control(msghdr& header, int level, int type, const T& data) {
  header.msg_controllen = CMSG_SPACE(sizeof data);
  cmsghdr* const control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof data);
  std::memcpy(CMSG_DATA(control), &data, sizeof data);
}

}  // namespace

std::size_t SendBatch::describe(const OutgoingDatagrams& queue) {
  const auto waiting = queue.waiting();
  const std::size_t count = std::min(waiting.size(), MessageArrays::kMost);
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes = queue.bytes_of(waiting[i]);
    msghdr& header = arrays_.headers[i].msg_hdr;
    arrays_.pieces[i] = {.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
    header.msg_namelen = waiting[i].path.remote.to_sockaddr(arrays_.names[i]);
    describe_control(header, waiting[i].path);
  }
  return count;
}

void SendBatch::describe_control(msghdr& header, const DatagramPath& path) const {
  header.msg_controllen = 0;
  const bool any = path.local_ip == IpBytes{} || path.local_ip == bound_.ip;
  if (any && path.interface == 0) return;
  if (bound_.is_v4()) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(path.interface);
    if (!any) std::memcpy(&info.ipi_spec_dst, &path.local_ip[12], sizeof info.ipi_spec_dst);
    set_control(header, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = path.interface;
    if (!any) std::memcpy(&info.ipi6_addr, path.local_ip.data(), sizeof info.ipi6_addr);
    set_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

int SendBatch::send(int fd, std::size_t first, std::size_t end) {
  return ::sendmmsg(fd, &arrays_.headers[first], static_cast<unsigned>(end - first), MSG_DONTWAIT);
}

}  // namespace sluice

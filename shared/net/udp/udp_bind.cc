// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/udp_bind.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <utility>

#include <climits>

namespace sluice {
namespace {

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

void set_buffers(int fd, const UdpSettings& settings) {
  const auto as_int = [](std::uint64_t bytes) { return static_cast<int>(std::min<std::uint64_t>(bytes, INT_MAX)); };
  if (settings.recbuf) set_option(fd, SOL_SOCKET, SO_RCVBUF, as_int(*settings.recbuf));
  if (settings.sndbuf) set_option(fd, SOL_SOCKET, SO_SNDBUF, as_int(*settings.sndbuf));
}

/// Each datagram comes with the address it was sent to; groups that only another socket has joined stay away.
void set_reception(int fd, int family) {
  set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (family == AF_INET6) {
    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  } else {
    set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  }
}

/// A bound socket, or none and errno. Without SO_REUSEADDR, which would let others have the port too [socket(7)].
UniqueFd bind_socket(const UdpSettings& settings, const SocketAddress& address, bool share_port) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(storage);
  UniqueFd fd(::socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, share_port ? 1 : 0);
  set_reception(fd.get(), storage.ss_family);
  set_buffers(fd.get(), settings);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return fd;
  const int error = errno;
  fd.reset();
  errno = error;
  return fd;
}

std::string cannot_listen(const UdpSettings& settings, const SocketAddress& address, int error) {
  std::string text = settings.key + ": listener " + settings.name + " cannot listen on " + address.to_string() + ": ";
  text += error == EADDRINUSE ? "the address is in use by another listener or process" : std::strerror(error);
  return text;
}

std::string cannot_join(const UdpSettings& settings, const MulticastGroup& group, std::string_view why) {
  return settings.key + ": listener " + settings.name + " cannot join group " + group.to_string() + ": " +
         std::string(why);
}

std::string join(int fd, const UdpSettings& settings, const MulticastGroup& group) {
  group_req request{};
  group.address.to_sockaddr(request.gr_group);
  if (!group.interface.empty()) {
    request.gr_interface = ::if_nametoindex(group.interface.c_str());
    if (request.gr_interface == 0) return cannot_join(settings, group, "there is no such interface");
  }
  const int level = group.address.is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
  if (::setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request) == 0) return {};
  return cannot_join(settings, group, std::strerror(errno));
}

}  // namespace

std::string check_udp(const UdpSettings& settings) {
  const auto wanted = SocketAddress::parse(settings.address);
  if (!wanted) return settings.key + ": " + settings.address + " is no address; write port, ip:port or [ipv6]:port";
  for (const MulticastGroup& group : settings.groups) {
    if (!wanted->is_unspecified()) return cannot_join(settings, group, "the listener has an address of its own");
    if (wanted->is_v4() != group.address.is_v4()) {
      return cannot_join(settings, group, wanted->is_v4() ? "the listener is for IPv4" : "the listener is for IPv6");
    }
  }
  return {};
}

Explained<std::vector<UniqueFd>> bind_udp(const UdpSettings& settings, std::size_t count) {
  const auto wanted = SocketAddress::parse(settings.address);
  if (std::string problem = check_udp(settings); !wanted || !problem.empty()) return problem;
  SocketAddress address = *wanted;
  std::vector<UniqueFd> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    UniqueFd fd = bind_socket(settings, address, i != 0);
    if (!fd) return cannot_listen(settings, address, errno);
    if (i == 0) {
      set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
      address = local_address(fd.get());
      for (const MulticastGroup& group : settings.groups) {
        if (std::string problem = join(fd.get(), settings, group); !problem.empty()) return problem;
      }
    }
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

}  // namespace sluice

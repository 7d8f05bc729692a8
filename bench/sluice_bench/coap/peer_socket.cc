// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/coap/peer_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <netdb.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace sluice::bench::coap {
namespace {

constexpr int kBufferBytes = 64 * 1024 * 1024;  ///< of what has come and was not read yet

int open_socket() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(std::string("UDP socket: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  // More than net.core.rmem_max only for the privileged; others get that much.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
  }
  sockaddr_in everywhere{};
  everywhere.sin_family = AF_INET;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&everywhere), sizeof everywhere) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    throw std::runtime_error("UDP socket: " + why);
  }
  return fd;
}

/// Which of our addresses the datagram was sent to; nullopt: the kernel does not say, or it is no peer's.
std::optional<Peer> receiver_of(msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(part), sizeof info);
    return peer_of(info.ipi_addr);
  }
  return std::nullopt;
}

void set_sender(msghdr& header, Peer peer) {
  cmsghdr* const part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = IPPROTO_IP;
  part->cmsg_type = IP_PKTINFO;
  part->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo info{};
  info.ipi_spec_dst = address_of(peer);
  std::memcpy(CMSG_DATA(part), &info, sizeof info);
}

}  // namespace

PeerSocket::PeerSocket(const sockaddr_in& server)
    : server_(server), fd_(open_socket()), out_(std::make_unique<Batch>()), in_(std::make_unique<Batch>()) {
  prepare(*out_);
  prepare(*in_);
  for (mmsghdr& header : out_->headers) {
    header.msg_hdr.msg_name = &server_;
    header.msg_hdr.msg_namelen = sizeof server_;
  }
}

PeerSocket::~PeerSocket() { ::close(fd_); }

void PeerSocket::prepare(Batch& batch) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    batch.vectors[i] = {.iov_base = batch.bytes[i].data(), .iov_len = kMaxDatagram};
    msghdr& header = batch.headers[i].msg_hdr;
    header.msg_iov = &batch.vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = batch.control[i].data();
    header.msg_controllen = kControlBytes;
  }
}

void PeerSocket::send(Peer from, ByteView bytes) {
  if (queued_ == kBatch) flush();
  const std::size_t size = std::min(bytes.size(), kMaxDatagram);
  std::copy_n(bytes.begin(), size, out_->bytes[queued_].begin());
  out_->vectors[queued_].iov_len = size;
  set_sender(out_->headers[queued_].msg_hdr, from);
  ++queued_;
}

void PeerSocket::flush() {
  std::size_t sent = 0;
  while (sent < queued_) {
    const int done = ::sendmmsg(fd_, out_->headers.data() + sent, static_cast<unsigned>(queued_ - sent), 0);
    if (done > 0) {
      sent += static_cast<std::size_t>(done);
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, 10);
    } else if (errno != EINTR) {
      fail("send");
      ++sent;  // this one is lost, those behind it may not be
    }
  }
  queued_ = 0;
}

void PeerSocket::wait(Nanos deadline) {
  const Nanos left = std::max<Nanos>(deadline - now_ns(), 0);
  const timespec timeout{.tv_sec = left / kSecond, .tv_nsec = left % kSecond};
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  ::ppoll(&readable, 1, deadline == kNever ? nullptr : &timeout, nullptr);
}

std::span<const Datagram> PeerSocket::receive() {
  for (mmsghdr& header : in_->headers) header.msg_hdr.msg_controllen = kControlBytes;
  const int got = ::recvmmsg(fd_, in_->headers.data(), kBatch, 0, nullptr);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) fail("receive");
    return {};
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    const auto peer = receiver_of(in_->headers[i].msg_hdr);
    if (peer) arrived_[count++] = {*peer, ByteView(in_->bytes[i]).first(in_->headers[i].msg_len)};
  }
  return std::span(arrived_).first(count);
}

void PeerSocket::fail(const char* what) {
  if (error_.empty()) error_ = std::string(what) + ": " + std::strerror(errno);
}

sockaddr_in resolve_server(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) throw std::runtime_error(host + ": " + ::gai_strerror(failed));
  sockaddr_in address{};
  std::memcpy(&address, found->ai_addr, sizeof address);
  ::freeaddrinfo(found);
  if (ntohl(address.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
    throw std::runtime_error(host + ": the source addresses of many CoAP peers exist on the loopback only");
  }
  return address;
}

}  // namespace sluice::bench::coap

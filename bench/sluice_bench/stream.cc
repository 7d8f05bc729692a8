// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/stream.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <openssl/err.h>

namespace sluice::bench {
namespace {

/// Server Name Indication carries names only, never addresses (RFC 6066 §3).
void set_server_name(SSL* session, std::string host) {
  in6_addr parsed{};
  if (::inet_pton(AF_INET, host.c_str(), &parsed) == 1 || ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1) return;
  SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
}

}  // namespace

void Stream::choose_source(const sockaddr_storage& target, std::uint64_t turn) {
  if (target.ss_family != AF_INET) return;
  sockaddr_in source{};
  std::memcpy(&source, &target, sizeof source);
  if (ntohl(source.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) return;
  const auto step = static_cast<std::uint32_t>(turn / kPortsPerAddress % 64);
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + step);
  source.sin_port = 0;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  // If it fails the kernel chooses the address, as it does for everybody.
  static_cast<void>(::bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source));
}

bool Stream::open(const sockaddr_storage& address, socklen_t size, std::uint64_t turn) {
  close();
  fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    failed("socket");
    return false;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  choose_source(address, turn);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0 || errno == EINPROGRESS) return true;
  failed("connect");
  return false;
}

bool Stream::finish_open() {
  int reason = 0;
  socklen_t size = sizeof reason;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) reason = errno;
  if (reason == 0) return true;
  errno = reason;
  failed("connect");
  return false;
}

IoStatus Stream::handshake(SSL_CTX* context, const std::string& host) {
  if (tls_ == nullptr) {
    tls_.reset(SSL_new(context));
    if (tls_ == nullptr || SSL_set_fd(tls_.get(), fd_) != 1) return failed("TLS").status;
    set_server_name(tls_.get(), host);
    SSL_set_connect_state(tls_.get());
  }
  ERR_clear_error();
  const int returned = SSL_do_handshake(tls_.get());
  return returned == 1 ? IoStatus::Done : tls_result(returned).status;
}

IoResult Stream::read(std::span<std::uint8_t> into) {
  if (tls_ == nullptr) {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), 0);
    if (got > 0) return {IoStatus::Done, static_cast<std::size_t>(got)};
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {IoStatus::WouldBlock, 0};
    if (got == 0) errno = ECONNRESET;
    return failed("read");
  }
  std::size_t total = 0;
  while (total < into.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int returned = SSL_read_ex(tls_.get(), into.data() + total, into.size() - total, &got);
    if (returned != 1) {
      const IoResult stopped = tls_result(returned);
      return total > 0 ? IoResult{IoStatus::Done, total} : stopped;
    }
    total += got;
  }
  return {IoStatus::Done, total};
}

IoResult Stream::write(std::span<const std::uint8_t> from) {
  if (tls_ == nullptr) {
    const ssize_t put = ::send(fd_, from.data(), from.size(), MSG_NOSIGNAL);
    if (put >= 0) return {IoStatus::Done, static_cast<std::size_t>(put)};
    if (errno == EAGAIN || errno == EINTR) return {IoStatus::WouldBlock, 0};
    return failed("write");
  }
  ERR_clear_error();
  std::size_t put = 0;
  const int returned = SSL_write_ex(tls_.get(), from.data(), from.size(), &put);
  if (returned == 1) return {IoStatus::Done, put};
  return tls_result(returned);
}

void Stream::close() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

IoResult Stream::failed(const char* what) {
  error_ = std::string(what) + ": " + std::strerror(errno);
  return {IoStatus::Closed, 0};
}

IoResult Stream::tls_result(int returned) {
  switch (SSL_get_error(tls_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {IoStatus::WouldBlock, 0};
    default:
      error_ = "TLS: " + take_tls_error();
      return {IoStatus::Closed, 0};
  }
}

}  // namespace sluice::bench

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/stream_io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include <climits>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "shared/net/accepted_socket.h"
#include "shared/net/tls_error.h"

namespace sluice {
namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

IoResult failed(int error) { return {IoStatus::Failed, 0, ErrorCode(error, boost::system::system_category())}; }

/// Requires: the call before on `ssl` returned `result` <= 0 and the error queue was empty before it.
IoResult tls_failure(const ssl_st* ssl, int result) {
  const int error = errno;
  switch (::SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return {IoStatus::WantRead, 0, {}};
    case SSL_ERROR_WANT_WRITE:
      return {IoStatus::WantWrite, 0, {}};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::Closed, 0, {}};
    case SSL_ERROR_SYSCALL:
      return error == 0 ? IoResult{IoStatus::Closed, 0, {}} : failed(error);
    default:
      return {IoStatus::Failed, 0, take_tls_error()};
  }
}

}  // namespace

void SslFree::operator()(ssl_st* ssl) const { ::SSL_free(ssl); }

IoResult socket_read(int fd, std::span<std::byte> into) {
  const ssize_t got = ::recv(fd, into.data(), into.size(), 0);
  if (got > 0) return {IoStatus::Done, static_cast<std::size_t>(got), {}};
  if (got == 0) return {IoStatus::Closed, 0, {}};
  return would_block(errno) ? IoResult{IoStatus::WantRead, 0, {}} : failed(errno);
}

IoResult socket_write(int fd, std::span<const iovec> from) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = std::min<std::size_t>(from.size(), IOV_MAX);
  const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  if (sent >= 0) return {IoStatus::Done, static_cast<std::size_t>(sent), {}};
  return would_block(errno) ? IoResult{IoStatus::WantWrite, 0, {}} : failed(errno);
}

IoResult tls_read(ssl_st* ssl, std::span<std::byte> into) {
  ::ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  const int result = ::SSL_read_ex(ssl, into.data(), into.size(), &got);
  return result > 0 ? IoResult{IoStatus::Done, got, {}} : tls_failure(ssl, result);
}

IoResult tls_write(ssl_st* ssl, std::span<const std::byte> from) {
  if (from.empty()) return {IoStatus::Done, 0, {}};
  ::ERR_clear_error();
  errno = 0;
  std::size_t sent = 0;
  const int result = ::SSL_write_ex(ssl, from.data(), from.size(), &sent);
  return result > 0 ? IoResult{IoStatus::Done, sent, {}} : tls_failure(ssl, result);
}

IoResult tls_handshake(ssl_st* ssl) {
  ::ERR_clear_error();
  errno = 0;
  const int result = ::SSL_do_handshake(ssl);
  return result > 0 ? IoResult{IoStatus::Done, 0, {}} : tls_failure(ssl, result);
}

IoResult tls_send_close(ssl_st* ssl) {
  ::ERR_clear_error();
  errno = 0;
  const int result = ::SSL_shutdown(ssl);
  return result >= 0 ? IoResult{IoStatus::Done, 0, {}} : tls_failure(ssl, result);
}

std::size_t gather(std::span<const iovec> buffers, std::size_t skip, std::span<std::byte> into) {
  std::size_t copied = 0;
  for (const iovec& buffer : buffers) {
    if (skip >= buffer.iov_len) {
      skip -= buffer.iov_len;
      continue;
    }
    const std::size_t part = std::min(buffer.iov_len - skip, into.size() - copied);
    std::memcpy(into.data() + copied, static_cast<const std::byte*>(buffer.iov_base) + skip, part);
    copied += part;
    skip = 0;
    if (copied == into.size()) break;
  }
  return copied;
}

std::span<std::byte> record_scratch() {
  thread_local std::array<std::byte, kTlsRecord> scratch;
  return scratch;
}

}  // namespace sluice

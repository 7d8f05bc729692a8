// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unistd.h>
#include <utility>

#include "shared/net/listener_state.h"
#include "shared/net/transport.h"

struct ssl_st;  // OpenSSL's SSL

namespace sluice {

/// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

struct SslFree {
  void operator()(ssl_st* ssl) const;
};
using SslPtr = std::unique_ptr<ssl_st, SslFree>;

/// A connection that passed its listener: access rules, quota, PROXY header and TLS handshake are behind it.
/// Every kind of transport is built from one. The descriptor is non-blocking and in no poller.
struct AcceptedSocket {
  UniqueFd fd;
  SslPtr ssl;  ///< null: plain TCP
  TransportPeer peer;
  ListenerSlot slot;  ///< its place among the listener's clients; keep it for as long as the socket
};

}  // namespace sluice

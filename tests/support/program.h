// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "shared/net/accepted_socket.h"
#include "shared/net/address.h"
#include "tests/support/eventually.h"

namespace sluice::test {

/// A program with pipes to and from it; ended with the test.
class Program {
 public:
  explicit Program(const std::string& command) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(out[1], 2);
      ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  ~Program() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(to_);
    ::close(from_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void say(std::string_view text) const { EXPECT_EQ(::write(to_, text.data(), text.size()), std::ssize(text)); }
  /// Waits until it has printed `text`.
  bool prints(const std::string& text) {
    while (printed_.find(text) == std::string::npos) {
      pollfd wait{from_, POLLIN, 0};
      std::array<char, 4096> buffer;
      if (::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1) return false;
      const ssize_t got = ::read(from_, buffer.data(), buffer.size());
      if (got <= 0) return false;
      printed_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return true;
  }
  [[nodiscard]] const std::string& printed() const { return printed_; }

 private:
  pid_t pid_;
  int to_ = -1, from_ = -1;
  std::string printed_;
};

/// A socket with that port of 127.0.0.1; nothing if that is taken.
inline UniqueFd bind_to(int type, std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  const socklen_t length = SocketAddress::parse("127.0.0.1:" + std::to_string(port))->to_sockaddr(storage);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) fd.reset();
  return fd;
}

/// A port of 127.0.0.1 that is free for UDP and TCP, as is the one behind it: there libcoap's programs serve DTLS and
/// TLS.
inline std::uint16_t free_port() {
  for (;;) {
    const UniqueFd first = bind_to(SOCK_DGRAM, 0);
    const std::uint16_t port = local_address(first.get()).port;
    const auto next = static_cast<std::uint16_t>(port + 1);
    if (next != 0 && bind_to(SOCK_STREAM, port) && bind_to(SOCK_DGRAM, next) && bind_to(SOCK_STREAM, next)) return port;
  }
}

}  // namespace sluice::test

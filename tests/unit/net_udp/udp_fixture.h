// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shared/base/shard.h"
#include "shared/net/udp/udp_listener.h"
#include "tests/support/eventually.h"

namespace sluice::test {

/// Stands before the kernel's sendmmsg(): this program's listeners call this one.
struct SendGate {
  std::atomic<bool> full{false};   ///< true: the kernel takes no more
  std::atomic<int> refused{0};     ///< calls that were told so
  std::atomic<unsigned> most{64};  ///< datagrams that one call takes
};
SendGate& send_gate();

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A blocking client with a socket of its own; every receive gives up after kPatience.
class UdpClient {
 public:
  /// Bound to "127.0.0.1", "::1"… and a port of the kernel's choice; `interface` for link-local addresses.
  explicit UdpClient(std::string_view ip, std::uint32_t interface = 0);
  ~UdpClient();
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;

  /// False: the kernel did not take it.
  bool send(const SocketAddress& to, std::string_view text);
  struct Answer {
    SocketAddress from;
    std::string text;
  };
  Answer receive();
  std::string ask(const SocketAddress& server, std::string_view text) {
    return send(server, text) ? receive().text : "";
  }
  /// From now on errors of this peer arrive.
  void connect(const SocketAddress& peer);
  /// Sends to a connected peer until the kernel has heard that nobody listens there; false after kPatience.
  bool finds_nobody();
  [[nodiscard]] SocketAddress address() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  std::uint32_t interface_;
};

/// What one datagram looked like to the protocol.
struct Seen {
  std::size_t shard = 0;
  DatagramPath path;
  std::string text;
  bool multicast = false;
};

/// Running shards and listeners that note and answer what they get.
class UdpTest : public ::testing::Test {
 protected:
  using Answering = std::function<void(UdpSocket&, const Datagram&)>;

  explicit UdpTest(std::size_t shard_count = 2);
  ~UdpTest() override;

  static UdpSettings plain() {
    UdpSettings settings;
    settings.name = "test:udp:a";
    settings.key = "test.bind.udp.a";
    settings.address = "127.0.0.1:0";
    return settings;
  }
  static void echo(UdpSocket& socket, const Datagram& datagram) { socket.send(datagram.path, datagram.bytes); }

  /// Opens a listener; without shards' events until start().
  UdpListener& open(UdpSettings settings);
  void start(UdpListener& listener, Answering answer = echo);
  UdpListener& listen(UdpSettings settings, Answering answer = echo);
  /// The port of `listener` on another address.
  static SocketAddress at(const UdpListener& listener, std::string_view ip);

  /// Everything so far, of all listeners.
  std::vector<Seen> seen();
  std::vector<Seen> wait_for(std::size_t count);

  ShardGroup shards;

 private:
  class Protocol;
  void note(Seen seen);

  std::vector<std::unique_ptr<UdpListener>> listeners_;
  std::vector<std::unique_ptr<Protocol>> protocols_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seen> seen_;
};

}  // namespace sluice::test

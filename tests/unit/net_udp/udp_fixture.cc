// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/net_udp/udp_fixture.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

extern "C" int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  sluice::test::SendGate& gate = sluice::test::send_gate();
  if (gate.full) {
    ++gate.refused;
    errno = EAGAIN;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_sendmmsg, fd, messages, std::min(count, gate.most.load()), flags));
}

namespace sluice::test {
namespace {

socklen_t scoped(const SocketAddress& address, std::uint32_t interface, sockaddr_storage& out) {
  const socklen_t length = address.to_sockaddr(out);
  if (out.ss_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(out).sin6_scope_id = interface;
  return length;
}

}  // namespace

SendGate& send_gate() {
  static SendGate gate;
  return gate;
}

UdpClient::UdpClient(std::string_view ip, std::uint32_t interface) : interface_(interface) {
  sockaddr_storage storage;
  const socklen_t length = scoped(SocketAddress::parse_ip(ip).value(), interface_, storage);
  fd_ = ::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int room = 4 * 1024 * 1024;
  const int yes = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  ::setsockopt(fd_, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
  const timeval patience{std::chrono::seconds(kPatience).count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::bind(fd_, reinterpret_cast<sockaddr*>(&storage), length) != 0) {
    ADD_FAILURE() << "bind to " << ip << ": " << std::strerror(errno);
  }
}

UdpClient::~UdpClient() { ::close(fd_); }

bool UdpClient::send(const SocketAddress& to, std::string_view text) {
  sockaddr_storage storage;
  const socklen_t length = scoped(to, interface_, storage);
  return ::sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&storage), length) >= 0;
}

UdpClient::Answer UdpClient::receive() {
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  std::string text(65536, '\0');
  const ssize_t got = ::recvfrom(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (got < 0) ADD_FAILURE() << "nothing came: " << std::strerror(errno);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return {SocketAddress::from(from), std::move(text)};
}

void UdpClient::connect(const SocketAddress& peer) {
  sockaddr_storage storage;
  const socklen_t length = peer.to_sockaddr(storage);
  EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&storage), length), 0);
}

bool UdpClient::finds_nobody() {
  return eventually([this] { return ::send(fd_, "?", 1, 0) < 0 && errno == ECONNREFUSED; });
}

SocketAddress UdpClient::address() const { return local_address(fd_); }

class UdpTest::Protocol final : public DatagramEvents {
 public:
  Protocol(UdpTest& test, Answering answer) : test_(test), answer_(std::move(answer)) {}
  void on(UdpSocket& socket, Shard& shard) {
    socket_ = &socket;
    shard_ = &shard;
  }

 private:
  void on_datagram(const Datagram& datagram) override {
    test_.note({shard_->index(), datagram.path, text_of(datagram.bytes), datagram.multicast});
    answer_(*socket_, datagram);
  }

  UdpTest& test_;
  const Answering answer_;
  UdpSocket* socket_ = nullptr;
  Shard* shard_ = nullptr;
};

UdpTest::UdpTest(std::size_t shard_count) : shards(shard_count) { shards.start(); }

UdpTest::~UdpTest() {
  send_gate().full = false;
  send_gate().most = 64;
  for (const auto& listener : listeners_) listener->stop();
  shards.stop();
}

UdpListener& UdpTest::open(UdpSettings settings) {
  auto opened = UdpListener::open(shards, std::move(settings));
  if (!opened) throw std::runtime_error(opened.error());
  return *listeners_.emplace_back(std::move(*opened));
}

void UdpTest::start(UdpListener& listener, Answering answer) {
  const std::size_t first = protocols_.size();
  for (std::size_t i = 0; i < shards.size(); ++i) protocols_.push_back(std::make_unique<Protocol>(*this, answer));
  std::vector<Protocol*> mine;
  for (std::size_t i = first; i < protocols_.size(); ++i) mine.push_back(protocols_[i].get());
  listener.start([mine, &listener](Shard& shard) -> DatagramEvents& {
    Protocol& protocol = *mine[shard.index()];
    protocol.on(listener.on(shard), shard);
    return protocol;
  });
}

UdpListener& UdpTest::listen(UdpSettings settings, Answering answer) {
  UdpListener& listener = open(std::move(settings));
  start(listener, std::move(answer));
  return listener;
}

SocketAddress UdpTest::at(const UdpListener& listener, std::string_view ip) {
  SocketAddress address = SocketAddress::parse_ip(ip).value();
  address.port = listener.bound().port;
  return address;
}

void UdpTest::note(Seen seen) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(std::move(seen));
  changed_.notify_all();
}

std::vector<Seen> UdpTest::seen() {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<Seen> UdpTest::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return seen_.size() >= count; }));
  return seen_;
}

}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <poll.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "bench/sluice_bench/coap/exchanges.h"

namespace sluice::bench::coap {
namespace {

/// The other side: a socket of the loopback that says what it got.
class Server {
 public:
  Server() : fd_(::socket(AF_INET, SOCK_DGRAM, 0)), address_(resolve_server("127.0.0.1", 0)) {
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address_), size), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~Server() { ::close(fd_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] const sockaddr_in& address() const { return address_; }

  /// The next datagram and who sent it; empty if none comes.
  Bytes receive() {
    pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 2000) != 1) return {};
    Bytes bytes(PeerSocket::kMaxDatagram);
    socklen_t size = sizeof sender;
    const ssize_t got = ::recvfrom(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&sender), &size);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  bool silent() {
    pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, 0) == 0;
  }
  void reply(const Bytes& bytes) {
    ::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&sender), sizeof sender);
  }

  sockaddr_in sender{};

 private:
  int fd_;
  sockaddr_in address_;
};

class ExchangesTest : public testing::Test {
 protected:
  Exchanges::Exchange& start(Peer peer, Nanos now = kSecond) {
    Exchanges::Exchange* const exchange = exchanges_.start(peer);
    EXPECT_NE(exchange, nullptr);
    MessageWriter(exchange->bytes, Type::Confirmable, codes::kPut, exchange->id, exchange->token).path("x");
    exchanges_.send(*exchange, now);
    socket_.flush();
    return *exchange;
  }
  static Message answer_to(const Exchanges::Exchange& exchange, Type type = Type::Acknowledgement) {
    return {.type = type,
            .code = codes::kChanged,
            .id = exchange.id,
            .token = exchange.token,
            .observe = {},
            .payload = {}};
  }

  Server server_;
  PeerSocket socket_{server_.address()};
  MessageIds ids_{1000};
  Exchanges exchanges_{socket_, ids_, 2};
};

TEST_F(ExchangesTest, RequestsComeFromTheirPeersAddressesAndAnswersFindThem) {
  for (const Peer peer : {Peer{7}, Peer{999}}) {
    const Exchanges::Exchange& exchange = start(peer);
    EXPECT_EQ(server_.receive(), exchange.bytes);
    EXPECT_EQ(server_.sender.sin_addr.s_addr, address_of(peer).s_addr);
    server_.reply({1, 2, 3});
    socket_.wait(now_ns() + kSecond);
    const auto arrived = socket_.receive();
    ASSERT_EQ(arrived.size(), 1U);
    EXPECT_EQ(arrived[0].peer, peer);
    EXPECT_EQ(Bytes(arrived[0].bytes.begin(), arrived[0].bytes.end()), (Bytes{1, 2, 3}));
  }
}

TEST_F(ExchangesTest, WindowIsBoundedAndReused) {
  const Exchanges::Exchange& first = start(1);
  EXPECT_FALSE(exchanges_.full());
  start(2);
  EXPECT_TRUE(exchanges_.full());
  const Token used = first.token;
  EXPECT_EQ(exchanges_.accept(1, answer_to(first)), &first);
  EXPECT_FALSE(exchanges_.full());
  EXPECT_NE(start(3).token, used);
}

TEST_F(ExchangesTest, AnswersMustFitPeerTokenAndMessageId) {
  const Exchanges::Exchange& exchange = start(1);
  Message wrong = answer_to(exchange);
  EXPECT_EQ(exchanges_.accept(2, wrong), nullptr);
  wrong.id = static_cast<std::uint16_t>(exchange.id + 1);
  EXPECT_EQ(exchanges_.accept(1, wrong), nullptr);
  wrong = answer_to(exchange);
  wrong.token = wrong.token.first(3);
  EXPECT_EQ(exchanges_.accept(1, wrong), nullptr);
  EXPECT_EQ(exchanges_.tally().duplicates, 3U);
  EXPECT_EQ(exchanges_.accept(1, answer_to(exchange)), &exchange);
  EXPECT_EQ(exchanges_.accept(1, answer_to(exchange)), nullptr) << "it is a duplicate now";
  EXPECT_EQ(exchanges_.tally().answered, 1U);
}

TEST_F(ExchangesTest, WhatIsNotAnsweredIsSentAgainAndThenLost) {
  const Exchanges::Exchange& exchange = start(1, 0);
  server_.receive();
  Nanos now = Exchanges::kAckTimeout;
  for (unsigned i = 0; i < Exchanges::kMaxRetransmit; ++i) {
    exchanges_.retransmit(now);
    socket_.flush();
    EXPECT_EQ(server_.receive(), exchange.bytes) << i;
    now += Exchanges::kAckTimeout << (i + 1);
  }
  EXPECT_EQ(exchanges_.tally().lost, 0U);
  exchanges_.retransmit(now);
  socket_.flush();
  EXPECT_TRUE(server_.silent());
  EXPECT_EQ(exchanges_.tally().lost, 1U);
  EXPECT_EQ(exchanges_.tally().retransmitted, Exchanges::kMaxRetransmit);
  EXPECT_TRUE(exchanges_.idle());
}

TEST_F(ExchangesTest, AnswerOnItsOwnIsAwaitedInSilenceAndAcknowledged) {
  const Exchanges::Exchange& exchange = start(1, 0);
  server_.receive();
  EXPECT_EQ(exchanges_.accept(
                1, {.type = Type::Acknowledgement, .id = exchange.id, .token = {}, .observe = {}, .payload = {}}),
            nullptr);
  exchanges_.retransmit(Exchanges::kAckTimeout);
  socket_.flush();
  EXPECT_TRUE(server_.silent());
  Message answer = answer_to(exchange, Type::Confirmable);
  answer.id = 0x0102;
  EXPECT_EQ(exchanges_.accept(1, answer), &exchange);
  socket_.flush();
  EXPECT_EQ(server_.receive(), (Bytes{0x60, 0, 1, 2}));
}

TEST_F(ExchangesTest, ResetEndsTheRequest) {
  const Exchanges::Exchange& exchange = start(1);
  EXPECT_EQ(exchanges_.accept(1, {.type = Type::Reset, .id = exchange.id, .token = {}, .observe = {}, .payload = {}}),
            nullptr);
  EXPECT_EQ(exchanges_.tally().lost, 1U);
  EXPECT_TRUE(exchanges_.idle());
}

TEST_F(ExchangesTest, PeerWithoutMessageIdsStartsNothing) {
  MessageIds ids(1);
  for (std::size_t i = 0; i < MessageIds::kPerPeer; ++i) ids.take(0);
  Exchanges exchanges(socket_, ids, 1);
  EXPECT_EQ(exchanges.start(0), nullptr);
  EXPECT_FALSE(exchanges.full());
}

}  // namespace
}  // namespace sluice::bench::coap

// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "tests/unit/net_udp/udp_fixture.h"

namespace sluice::test {
namespace {

class UdpSendTest : public UdpTest {
 protected:
  UdpSendTest() : UdpTest(1) {}

  /// Answers a number with so many datagrams: "0", "1"…
  static void count_up(UdpSocket& socket, const Datagram& datagram) {
    const int count = std::stoi(text_of(datagram.bytes));
    for (int i = 0; i < count; ++i) socket.send(datagram.path, bytes_of(std::to_string(i)));
  }
  static void expect_count(UdpClient& client, int count) {
    for (int i = 0; i < count; ++i) ASSERT_EQ(client.receive().text, std::to_string(i));
  }
};

TEST_F(UdpSendTest, OneAnswerCostsOneCallEachWay) {
  const UdpListener& listener = listen(plain());
  UdpClient client("127.0.0.1");
  for (int i = 0; i < 10; ++i) ASSERT_EQ(client.ask(listener.bound(), "x"), "x");
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::Sent) == 10; }));
  EXPECT_EQ(listener.count(UdpCount::ReceiveCalls), 10U);
  EXPECT_EQ(listener.count(UdpCount::SendCalls), 10U);
}

TEST_F(UdpSendTest, TheDatagramsOfOneTurnLeaveTogetherAndInOrder) {
  const UdpListener& listener = listen(plain(), count_up);
  UdpClient client("127.0.0.1");
  ASSERT_TRUE(client.send(listener.bound(), "150"));
  expect_count(client, 150);
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::Sent) == 150; }));
  EXPECT_EQ(listener.count(UdpCount::SendCalls), 3U);
}

TEST_F(UdpSendTest, MoreThanAPortionLeavesBeforeTheTurnEnds) {
  const std::string text(2000, 'p');
  const UdpListener& listener = listen(plain(), [text](UdpSocket& socket, const Datagram& datagram) {
    for (int i = 0; i < 100; ++i) socket.send(datagram.path, bytes_of(text));
    EXPECT_GE(socket.probe().value(UdpCount::Sent), 64U);
  });
  UdpClient client("127.0.0.1");
  ASSERT_TRUE(client.send(listener.bound(), "x"));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.receive().text, text);
}

TEST_F(UdpSendTest, WhatAKernelDoesNotTakeInOneCallFollows) {
  send_gate().most = 7;
  const UdpListener& listener = listen(plain(), count_up);
  UdpClient client("127.0.0.1");
  ASSERT_TRUE(client.send(listener.bound(), "100"));
  expect_count(client, 100);
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::Sent) == 100; }));
}

TEST_F(UdpSendTest, AFullKernelIsWaitedFor) {
  const UdpListener& listener = listen(plain(), count_up);
  UdpClient client("127.0.0.1");
  const int before = send_gate().refused;
  send_gate().full = true;
  ASSERT_TRUE(client.send(listener.bound(), "100"));
  // The poller says again and again that there is room.
  ASSERT_TRUE(eventually([&] { return send_gate().refused > before + 3; }));
  ASSERT_TRUE(client.send(listener.bound(), "50"));
  wait_for(2);
  EXPECT_EQ(listener.count(UdpCount::Sent), 0U);
  send_gate().full = false;
  expect_count(client, 100);
  expect_count(client, 50);
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::Sent) == 150; }));
  EXPECT_EQ(listener.count(UdpCount::Overflows), 0U);
  // And the poller does not any more.
  const std::uint64_t calls = listener.count(UdpCount::SendCalls);
  ASSERT_TRUE(client.send(listener.bound(), "1"));
  expect_count(client, 1);
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::SendCalls) == calls + 1; }));
}

TEST_F(UdpSendTest, OnlySoMuchWaitsForAFullKernel) {
  UdpSettings settings = plain();
  settings.max_queued = 10 * OutgoingDatagrams::cost(1);
  const UdpListener& listener = listen(settings, count_up);
  UdpClient client("127.0.0.1");
  const int before = send_gate().refused;
  send_gate().full = true;
  ASSERT_TRUE(client.send(listener.bound(), "5"));
  ASSERT_TRUE(eventually([&] { return send_gate().refused > before; }));
  ASSERT_TRUE(client.send(listener.bound(), "8"));
  ASSERT_TRUE(eventually([&] { return listener.count(UdpCount::Overflows) == 3; }));
  send_gate().full = false;
  expect_count(client, 5);
  expect_count(client, 5);
  ASSERT_TRUE(client.send(listener.bound(), "8"));
  expect_count(client, 8);
  EXPECT_EQ(listener.count(UdpCount::Overflows), 3U);
}

TEST_F(UdpSendTest, AStopDropsWhatAFullKernelNeverTook) {
  UdpListener& listener = listen(plain(), count_up);
  UdpClient client("127.0.0.1");
  const int before = send_gate().refused;
  send_gate().full = true;
  ASSERT_TRUE(client.send(listener.bound(), "5"));
  ASSERT_TRUE(eventually([&] { return send_gate().refused > before; }));
  listener.stop();
  EXPECT_EQ(listener.count(UdpCount::Sent), 0U);
}

TEST_F(UdpSendTest, AnErrorIsThatOfOneDatagramOnly) {
  const SocketAddress everybody = SocketAddress::parse("255.255.255.255:9").value();
  const SocketAddress six = SocketAddress::parse("[::1]:9").value();
  const UdpListener& listener = listen(plain(), [everybody, six](UdpSocket& socket, const Datagram& datagram) {
    socket.send({.remote = everybody}, bytes_of("not allowed"));
    socket.send(datagram.path, bytes_of("one"));
    socket.send(datagram.path, bytes_of(std::string(65508, 'x')));
    socket.send({.remote = six}, bytes_of("another family"));
    socket.send(datagram.path, bytes_of("two"));
    socket.send({.remote = {}}, bytes_of("nowhere"));
  });
  UdpClient client("127.0.0.1");
  ASSERT_TRUE(client.send(listener.bound(), "x"));
  EXPECT_EQ(client.receive().text, "one");
  EXPECT_EQ(client.receive().text, "two");
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::SendErrors) == 4; }));
  EXPECT_EQ(listener.count(UdpCount::Sent), 2U);
}

TEST_F(UdpSendTest, APeerThatIsGoneDisturbsNobody) {
  SocketAddress gone;
  {
    gone = UdpClient("127.0.0.1").address();
  }
  const UdpListener& listener = listen(plain(), [gone](UdpSocket& socket, const Datagram& datagram) {
    socket.send({.remote = gone}, bytes_of("anybody there?"));
    socket.send(datagram.path, datagram.bytes);
  });
  UdpClient client("127.0.0.1");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.ask(listener.bound(), std::to_string(i)), std::to_string(i));
  EXPECT_EQ(listener.count(UdpCount::Received), 100U);
}

}  // namespace
}  // namespace sluice::test

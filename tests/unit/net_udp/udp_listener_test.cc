// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/udp_listener.h"

#include <set>

#include "shared/metrics/registry.h"
#include "tests/unit/net_udp/udp_fixture.h"

namespace sluice::test {
namespace {

class UdpListenerTest : public UdpTest {};

std::string why_not(ShardGroup& shards, UdpSettings settings) {
  const auto opened = UdpListener::open(shards, std::move(settings));
  return opened ? "" : opened.error();
}

MulticastGroup group(std::string_view text) { return MulticastGroup::parse(text).value(); }

TEST_F(UdpListenerTest, PortZeroTakesOneThatEveryShardServes) {
  UdpListener& listener = listen(plain());
  EXPECT_NE(listener.bound().port, 0);
  EXPECT_EQ(listener.bound().ip_string(), "127.0.0.1");
  EXPECT_EQ(listener.on(shards.at(0)).bound(), listener.bound());
  EXPECT_EQ(listener.on(shards.at(1)).bound(), listener.bound());
  // The kernel spreads by address: with enough peers every shard's socket has had one, and each peer has one shard.
  std::set<std::size_t> served;
  for (int i = 1; i <= 64; ++i) {
    UdpClient client("127.0.0." + std::to_string(i));
    std::set<std::size_t> mine;
    for (int question = 0; question < 2; ++question) {
      EXPECT_EQ(client.ask(listener.bound(), "x"), "x");
      mine.insert(seen().back().shard);
    }
    EXPECT_EQ(mine.size(), 1U);
    served.merge(mine);
  }
  EXPECT_EQ(served.size(), shards.size());
}

TEST_F(UdpListenerTest, ATakenPortIsNamed) {
  UdpListener& listener = listen(plain());
  UdpSettings settings = plain();
  settings.name = "test:udp:b";
  settings.key = "test.bind.udp.b";
  settings.address = listener.bound().to_string();
  EXPECT_EQ(why_not(shards, settings), "test.bind.udp.b: listener test:udp:b cannot listen on " + settings.address +
                                           ": the address is in use by another listener or process");
  const UdpClient other("127.0.0.1");
  settings.address = other.address().to_string();
  EXPECT_EQ(why_not(shards, settings), "test.bind.udp.b: listener test:udp:b cannot listen on " + settings.address +
                                           ": the address is in use by another listener or process");
}

TEST_F(UdpListenerTest, AForeignAddressIsNamed) {
  UdpSettings settings = plain();
  settings.address = "198.51.100.1:5683";
  EXPECT_EQ(why_not(shards, settings),
            "test.bind.udp.a: listener test:udp:a cannot listen on 198.51.100.1:5683: "
            "Cannot assign requested address");
  settings.address = "nowhere";
  EXPECT_EQ(why_not(shards, settings), "test.bind.udp.a: nowhere is no address; write port, ip:port or [ipv6]:port");
  EXPECT_EQ(UdpListener::check(settings), why_not(shards, settings));
}

TEST_F(UdpListenerTest, GroupsThatCannotBeJoinedAreNamed) {
  const std::string start = "test.bind.udp.a: listener test:udp:a cannot join group ";
  UdpSettings settings = plain();
  settings.groups = {group("224.0.1.187")};
  EXPECT_EQ(UdpListener::check(settings), start + "224.0.1.187: the listener has an address of its own");
  settings.address = "[::]:0";
  EXPECT_EQ(UdpListener::check(settings), start + "224.0.1.187: the listener is for IPv6");
  settings.address = "0";
  EXPECT_EQ(UdpListener::check(settings), "");
  settings.groups = {group("ff02::fd%lo")};
  EXPECT_EQ(UdpListener::check(settings), start + "ff02::fd%lo: the listener is for IPv4");
  settings.groups = {group("224.0.1.187%nowhere")};
  EXPECT_EQ(why_not(shards, settings), start + "224.0.1.187%nowhere: there is no such interface");
}

TEST_F(UdpListenerTest, OnlyAGroupIsAGroup) {
  EXPECT_EQ(group("ff02::fd%eth0").interface, "eth0");
  EXPECT_EQ(group("239.1.2.3").to_string(), "239.1.2.3");
  for (const char* text : {"", "192.0.2.1", "fe80::1", "224.0.1.187%", "%lo", "224.0.1", "all"}) {
    EXPECT_FALSE(MulticastGroup::parse(text)) << text;
  }
}

TEST_F(UdpListenerTest, TwoListenersKeepWhatIsTheirs) {
  UdpListener& first = listen(plain());
  UdpListener& second = listen(
      plain(), [](UdpSocket& socket, const Datagram& datagram) { socket.send(datagram.path, bytes_of("second")); });
  EXPECT_NE(first.bound(), second.bound());
  UdpClient client("127.0.0.1");
  EXPECT_EQ(client.ask(first.bound(), "first"), "first");
  EXPECT_EQ(client.ask(second.bound(), "x"), "second");
  EXPECT_TRUE(eventually([&] { return second.count(UdpCount::BytesSent) == 6; }));
  EXPECT_EQ(first.count(UdpCount::BytesSent), 5U);
  EXPECT_EQ(first.count(UdpCount::Received), 1U);
}

TEST_F(UdpListenerTest, TheIpv6WildcardLeavesTheIpv4PortFree) {
  UdpSettings settings = plain();
  settings.address = "[::]:0";
  UdpListener& six = listen(settings);
  settings.address = "0.0.0.0:" + std::to_string(six.bound().port);
  UdpListener& four = listen(settings);
  UdpClient client("127.0.0.1");
  EXPECT_EQ(client.ask(at(four, "127.0.0.1"), "four"), "four");
  EXPECT_EQ(four.count(UdpCount::Received), 1U);
  EXPECT_EQ(six.count(UdpCount::Received), 0U);
}

TEST_F(UdpListenerTest, DatagramsQueueBeforeTheStart) {
  UdpListener& listener = open(plain());
  UdpClient client("127.0.0.1");
  ASSERT_TRUE(client.send(listener.bound(), "early"));
  EXPECT_TRUE(seen().empty());
  start(listener);
  EXPECT_EQ(client.receive().text, "early");
}

TEST_F(UdpListenerTest, NoEventFollowsAStop) {
  UdpListener& listener = listen(plain());
  const SocketAddress server = listener.bound();
  std::vector<std::unique_ptr<UdpClient>> clients;
  for (int i = 0; i < 32; ++i) clients.push_back(std::make_unique<UdpClient>("127.0.0.1"));
  for (int i = 0; i < 20; ++i) {
    for (const auto& client : clients) client->send(server, "x");
  }
  wait_for(1);
  listener.stop();
  const std::size_t before = seen().size();
  // Every shard's socket is closed: nobody is there.
  for (const auto& client : clients) {
    client->connect(server);
    EXPECT_TRUE(client->finds_nobody());
  }
  EXPECT_EQ(seen().size(), before);
  EXPECT_EQ(why_not(shards,
                    [&] {
                      UdpSettings settings = plain();
                      settings.address = server.to_string();
                      return settings;
                    }()),
            "");
}

TEST_F(UdpListenerTest, WhatIsSentAfterAStopIsNowhere) {
  UdpListener& listener = listen(plain());
  UdpClient client("127.0.0.1");
  EXPECT_EQ(client.ask(listener.bound(), "x"), "x");
  listener.stop();
  shards.run_on_all([&](Shard& shard) { listener.on(shard).send({.remote = client.address()}, bytes_of("late")); });
  EXPECT_EQ(listener.count(UdpCount::Sent), 1U);
}

TEST_F(UdpListenerTest, WhatIsSentInTheTurnOfAStopLeaves) {
  UdpListener& listener = listen(plain());
  UdpClient client("127.0.0.1");
  ASSERT_EQ(client.ask(listener.bound(), "x"), "x");
  const SocketAddress to = client.address();
  shards.at(0).post([&] { listener.on(shards.at(0)).send({.remote = to}, bytes_of("goodbye")); });
  listener.stop();
  EXPECT_EQ(client.receive().text, "goodbye");
}

TEST_F(UdpListenerTest, OneThatNeverStartedEndsQuietly) {
  UdpListener& listener = open(plain());
  const std::string address = listener.bound().to_string();
  listener.stop();
  UdpSettings settings = plain();
  settings.address = address;
  EXPECT_EQ(why_not(shards, settings), "");
}

TEST_F(UdpListenerTest, ItsPortsAreUnprotected) {
  const UdpListener& listener = listen(plain());
  const DatagramPort& port = const_cast<UdpListener&>(listener).on(shards.at(0));
  EXPECT_FALSE(port.secure());
  EXPECT_EQ(port.identity({}), nullptr);
}

TEST_F(UdpListenerTest, WhatNeedsANewListenerStaysAsItIs) {
  UdpListener& listener = listen(plain());
  UdpSettings other = plain();
  other.address = "127.0.0.1:1";
  other.recbuf = 8192;
  other.max_datagram = 3;
  listener.reconfigure(other);
  EXPECT_EQ(listener.settings().address, plain().address);
  EXPECT_EQ(listener.settings().recbuf, std::nullopt);
  EXPECT_EQ(listener.settings().max_datagram, 3U);
  // What was posted to the shards comes before what is posted now.
  shards.run_on_all([](Shard&) {});
  UdpClient client("127.0.0.1");
  client.send(listener.bound(), "four");
  EXPECT_EQ(client.ask(listener.bound(), "for"), "for");
  EXPECT_EQ(listener.count(UdpCount::Truncated), 1U);
}

TEST_F(UdpListenerTest, TheProcessCountsWhatItsListenersCount) {
  const std::int64_t before = metrics::read("udp/received/bytes");
  const UdpListener& listener = listen(plain());
  UdpClient client("127.0.0.1");
  ASSERT_EQ(client.ask(listener.bound(), "12345"), "12345");
  EXPECT_EQ(listener.count(UdpCount::BytesReceived), 5U);
  EXPECT_EQ(metrics::read("udp/received/bytes"), before + 5);
}

}  // namespace
}  // namespace sluice::test

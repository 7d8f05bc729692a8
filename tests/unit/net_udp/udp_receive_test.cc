// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <future>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <set>

#include "tests/unit/net_udp/udp_fixture.h"

namespace sluice::test {
namespace {

class UdpReceiveTest : public UdpTest {
 protected:
  static UdpSettings wildcard(std::string_view address = "0.0.0.0:0") {
    UdpSettings settings = plain();
    settings.address = address;
    return settings;
  }
  /// Until every shard has served a question that was asked after all before.
  void visit_every_shard(const UdpListener& listener, const char* ip = "127.0.0.1") {
    std::set<std::size_t> visited;
    for (int i = 0; i < 1000 && visited.size() < shards.size(); ++i) {
      UdpClient client(ip);
      ASSERT_EQ(client.ask(at(listener, ip), "visit"), "visit");
      visited.insert(seen().back().shard);
    }
    ASSERT_EQ(visited.size(), shards.size());
  }
  std::vector<Seen> seen_as(std::string_view text) {
    std::vector<Seen> all = seen();
    std::erase_if(all, [&](const Seen& one) { return one.text != text; });
    return all;
  }
};

struct OneShard : UdpTest {
  OneShard() : UdpTest(1) {}
};

TEST_F(UdpReceiveTest, ItKnowsWhoAsksAndWhereOverIpv4) {
  const UdpListener& listener = listen(plain());
  UdpClient client("127.0.0.1");
  EXPECT_EQ(client.ask(listener.bound(), "four"), "four");
  const Seen seen = wait_for(1).front();
  EXPECT_EQ(seen.path.remote, client.address());
  EXPECT_EQ(seen.path.local_ip, listener.bound().ip);
  EXPECT_EQ(seen.path.interface, 0U);
  EXPECT_FALSE(seen.multicast);
}

TEST_F(UdpReceiveTest, ItKnowsWhoAsksAndWhereOverIpv6) {
  const UdpListener& listener = listen(wildcard("[::]:0"));
  UdpClient client("::1");
  EXPECT_EQ(client.ask(at(listener, "::1"), "six"), "six");
  const Seen seen = wait_for(1).front();
  EXPECT_EQ(seen.path.remote, client.address());
  EXPECT_EQ(seen.path.local_ip, at(listener, "::1").ip);
  EXPECT_EQ(seen.path.interface, 0U);
  EXPECT_FALSE(seen.multicast);
}

TEST_F(UdpReceiveTest, AnEmptyDatagramIsOneToo) {
  const UdpListener& listener = listen(plain());
  UdpClient client("127.0.0.1");
  ASSERT_TRUE(client.send(listener.bound(), ""));
  EXPECT_EQ(client.receive().from, listener.bound());
  EXPECT_EQ(wait_for(1).front().text, "");
}

TEST_F(UdpReceiveTest, TheAnswerLeavesFromTheAddressThatWasAsked) {
  const UdpListener& listener = listen(wildcard());
  UdpClient client("127.0.0.1");
  for (const char* ip : {"127.0.0.2", "127.0.0.1", "127.1.2.3"}) {
    ASSERT_TRUE(client.send(at(listener, ip), ip));
    const UdpClient::Answer answer = client.receive();
    EXPECT_EQ(answer.from, at(listener, ip));
    EXPECT_EQ(answer.text, ip);
  }
}

struct LinkLocal {
  std::string ip, name;
  std::uint32_t interface = 0;
};

/// An IPv6 link-local address of this machine.
std::optional<LinkLocal> link_local() {
  std::optional<LinkLocal> found;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr && !found; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET6 || (one->ifa_flags & IFF_UP) == 0) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, one->ifa_addr, sizeof(sockaddr_in6));
    const SocketAddress address = SocketAddress::from(storage);
    if (address.ip[0] == 0xfe && address.ip[1] == 0x80) {
      found = {address.ip_string(), one->ifa_name, ::if_nametoindex(one->ifa_name)};
    }
  }
  ::freeifaddrs(all);
  return found;
}

TEST_F(UdpReceiveTest, LinkLocalPeersAreToldApartByTheirInterface) {
  const auto local = link_local();
  if (!local) GTEST_SKIP() << "no interface has an IPv6 link-local address";
  const UdpListener& listener = listen(wildcard("[::]:0"));
  UdpClient client(local->ip, local->interface);
  ASSERT_TRUE(client.send(at(listener, local->ip), "near"));
  const UdpClient::Answer answer = client.receive();
  EXPECT_EQ(answer.text, "near");
  EXPECT_EQ(answer.from, at(listener, local->ip));
  EXPECT_EQ(wait_for(1).front().path.interface, local->interface);
}

TEST_F(UdpReceiveTest, ALargerDatagramIsDroppedAndTheNextServed) {
  UdpSettings settings = plain();
  settings.max_datagram = 100;
  const UdpListener& listener = listen(settings);
  UdpClient client("127.0.0.1");
  const std::string fits(100, 'f');
  ASSERT_TRUE(client.send(listener.bound(), std::string(101, 'x')));
  ASSERT_TRUE(client.send(listener.bound(), std::string(60000, 'y')));
  EXPECT_EQ(client.ask(listener.bound(), fits), fits);
  EXPECT_EQ(listener.count(UdpCount::Truncated), 2U);
  EXPECT_EQ(seen().size(), 1U);
}

TEST_F(UdpReceiveTest, TheLargestDatagramOfAllPasses) {
  UdpSettings settings = plain();
  settings.max_datagram = 65535;
  const UdpListener& listener = listen(settings);
  UdpClient client("127.0.0.1");
  const std::string largest(65507, 'l');
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.ask(listener.bound(), largest), largest);
  EXPECT_EQ(listener.count(UdpCount::Truncated), 0U);
}

TEST_F(UdpReceiveTest, AccessRulesHoldForEveryDatagramAndChangeLive) {
  UdpSettings settings = plain();
  settings.access = AccessRules({*AccessRule::parse("deny 127.0.0.2")});
  UdpListener& listener = listen(settings);
  UdpClient denied("127.0.0.2");
  ASSERT_TRUE(denied.send(listener.bound(), "denied"));
  visit_every_shard(listener);
  EXPECT_TRUE(seen_as("denied").empty());
  EXPECT_EQ(listener.count(UdpCount::RefusedByAccess), 1U);
  settings.access = {};
  listener.reconfigure(settings);
  shards.run_on_all([](Shard&) {});
  EXPECT_EQ(denied.ask(listener.bound(), "allowed"), "allowed");
  EXPECT_EQ(listener.count(UdpCount::RefusedByAccess), 1U);
}

TEST_F(UdpReceiveTest, ABroadcastIsServedOnceAndAnsweredFromAnAddressOfOurs) {
  const UdpListener& listener = listen(wildcard());
  UdpClient client("127.0.0.1");
  if (!client.send(at(listener, "127.255.255.255"), "all"))
    GTEST_SKIP() << "no broadcast here: " << std::strerror(errno);
  const UdpClient::Answer answer = client.receive();
  EXPECT_EQ(answer.text, "all");
  EXPECT_EQ(answer.from, at(listener, "127.0.0.1"));
  visit_every_shard(listener);
  const std::vector<Seen> all = seen_as("all");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.front().multicast);
  EXPECT_EQ(all.front().path.local_ip, DatagramPath().local_ip);
}

TEST_F(UdpReceiveTest, AGroupIsServedOnceAndSaidToBeOne) {
  UdpSettings settings = wildcard();
  settings.groups = {MulticastGroup::parse("224.0.1.187%lo").value()};
  const UdpListener& listener = listen(settings);
  UdpClient client("127.0.0.1");
  ip_mreqn out{};
  out.imr_ifindex = static_cast<int>(::if_nametoindex("lo"));
  ASSERT_EQ(::setsockopt(client.fd(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out), 0);
  if (!client.send(at(listener, "224.0.1.187"), "all")) GTEST_SKIP() << "no multicast here: " << std::strerror(errno);
  EXPECT_EQ(client.receive().text, "all");
  visit_every_shard(listener);
  const std::vector<Seen> all = seen_as("all");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.front().multicast);
  EXPECT_EQ(all.front().path.remote, client.address());
  EXPECT_EQ(all.front().path.local_ip, DatagramPath().local_ip);
}

TEST_F(UdpReceiveTest, AGroupOfIpv6IsServedOnceAndSaidToBeOne) {
  const auto local = link_local();
  if (!local) GTEST_SKIP() << "no interface has an IPv6 link-local address";
  const std::string group = "ff01::fd";  // does not leave this machine
  UdpSettings settings = wildcard("[::]:0");
  settings.groups = {MulticastGroup::parse(group + '%' + local->name).value()};
  const UdpListener& listener = listen(settings);
  UdpClient client(local->ip, local->interface);
  if (!client.send(at(listener, group), "all")) GTEST_SKIP() << "no multicast here: " << std::strerror(errno);
  const UdpClient::Answer answer = client.receive();
  EXPECT_EQ(answer.text, "all");
  EXPECT_EQ(answer.from.ip_string(), local->ip);
  visit_every_shard(listener, "::1");
  const std::vector<Seen> all = seen_as("all");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.front().multicast);
  EXPECT_EQ(all.front().path.local_ip, DatagramPath().local_ip);
  EXPECT_EQ(all.front().path.interface, local->interface);
}

TEST_F(UdpReceiveTest, AGroupThatIsNotJoinedStaysAway) {
  UdpSettings settings = wildcard();
  settings.groups = {MulticastGroup::parse("224.0.1.187%lo").value()};
  listen(settings);  // the machine has joined
  const UdpListener& listener = listen(wildcard());
  UdpClient client("127.0.0.1");
  ip_mreqn out{};
  out.imr_ifindex = static_cast<int>(::if_nametoindex("lo"));
  ASSERT_EQ(::setsockopt(client.fd(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out), 0);
  if (!client.send(at(listener, "224.0.1.187"), "all")) GTEST_SKIP() << "no multicast here: " << std::strerror(errno);
  visit_every_shard(listener);
  EXPECT_TRUE(seen_as("all").empty());
}

TEST_F(OneShard, WhatTheKernelLostIsCounted) {
  UdpSettings settings = plain();
  settings.recbuf = 8192;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  const UdpListener& listener = listen(settings, [gone](UdpSocket& socket, const Datagram& datagram) {
    gone.wait();
    echo(socket, datagram);
  });
  UdpClient client("127.0.0.1");
  std::uint64_t asked = 1;
  ASSERT_TRUE(client.send(listener.bound(), "first"));
  wait_for(1);
  for (; asked < 500; ++asked) ASSERT_TRUE(client.send(listener.bound(), std::string(500, 'x')));
  go.set_value();
  // The kernel tells of what it lost with the next datagram that it can keep: each question waits for its turn.
  const auto accounted = [&] { return listener.count(UdpCount::KernelDrops) + listener.count(UdpCount::Received); };
  EXPECT_TRUE(eventually([&] {
    ++asked;
    client.send(listener.bound(), "and now?");
    const auto soon = Clock::now() + std::chrono::milliseconds(200);
    while (accounted() < asked && Clock::now() < soon) std::this_thread::yield();
    return accounted() == asked;
  }));
  EXPECT_GT(listener.count(UdpCount::KernelDrops), 0U);
}

TEST_F(OneShard, OthersHaveTheirTurnInAFlood) {
  constexpr std::size_t kFlood = 200;
  UdpSettings settings = plain();
  settings.batches_per_turn = 1;
  UdpListener& listener = open(settings);
  UdpClient client("127.0.0.1");
  for (std::size_t i = 0; i < kFlood; ++i) ASSERT_TRUE(client.send(listener.bound(), "flood"));
  std::promise<std::size_t> served;
  start(listener, [this, &served](UdpSocket&, const Datagram&) {
    if (seen().size() == 1) shards.at(0).post([this, &served] { served.set_value(seen().size()); });
  });
  EXPECT_LE(served.get_future().get(), 128U);
  wait_for(kFlood);
  EXPECT_TRUE(eventually([&] { return listener.count(UdpCount::Received) == kFlood; }));
  EXPECT_EQ(listener.count(UdpCount::ReceiveCalls), 4U);
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/listener.h"

#include <array>
#include <filesystem>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/unit/net/net_fixture.h"

namespace sluice::test {
namespace {

class ListenerTest : public NetTest {};

std::string why_not(ShardGroup& shards, ListenerSettings settings) {
  auto opened = Listener::open(shards, std::move(settings), [](Shard&, AcceptedSocket) {});
  return opened ? "" : opened.error();
}

TEST_F(ListenerTest, PortZeroTakesOneThatEveryShardServes) {
  listen(plain());
  EXPECT_NE(listener->bound().port, 0);
  EXPECT_EQ(listener->bound().ip_string(), "127.0.0.1");
  // The kernel spreads by address: with enough clients every shard's socket has had one.
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<Client>(listener->bound()));
  std::set<std::thread::id> threads;
  for (const auto& client : clients) client->send("x");
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Recorder& server = accepted();
    ASSERT_TRUE(server.wait([&] {
      if (server.received.empty()) return false;
      threads.insert(server.threads.front());
      return true;
    }));
  }
  EXPECT_EQ(threads.size(), shards.size());
  EXPECT_EQ(listener->probe().accepted.load(), 64U);
  EXPECT_EQ(listener->probe().current.load(), 64);
}

TEST_F(ListenerTest, ATakenPortIsNamed) {
  listen(plain());
  ListenerSettings settings = plain();
  settings.name = "test:tcp:b";
  settings.key = "listener.tcp.b";
  settings.address = listener->bound().to_string();
  EXPECT_EQ(why_not(shards, settings), "listener.tcp.b: listener test:tcp:b cannot listen on " + settings.address +
                                           ": the address is in use by another listener or process");
}

TEST_F(ListenerTest, AForeignAddressIsNamed) {
  ListenerSettings settings = plain();
  settings.address = "192.0.2.1:1883";
  EXPECT_EQ(why_not(shards, settings),
            "listener.tcp.a: listener test:tcp:a cannot listen on 192.0.2.1:1883: Cannot assign requested address");
  settings.address = "nowhere";
  EXPECT_EQ(why_not(shards, settings), "listener.tcp.a: nowhere is no address; write port, ip:port or [ipv6]:port");
}

TEST_F(ListenerTest, WhatIsWrongBeforeBindingIsFoundByACheck) {
  ListenerSettings settings = plain();
  EXPECT_EQ(Listener::check(settings), "");
  settings.address = "nowhere";
  EXPECT_EQ(Listener::check(settings), "listener.tcp.a: nowhere is no address; write port, ip:port or [ipv6]:port");
  settings.address = "8883";
  settings.tls.emplace().certfile = "/nowhere/cert.pem";
  EXPECT_EQ(Listener::check(settings),
            "listener.tcp.a.certfile: cannot use /nowhere/cert.pem: No such file or directory");
}

TEST_F(ListenerTest, WhatNeedsANewListenerStaysAsItIs) {
  listen(plain());
  const ListenerSettings before = listener->settings();
  ListenerSettings other = plain();
  other.address = "127.0.0.1:1";
  other.backlog = before.backlog + 1;
  other.acceptors = before.acceptors + 1;
  other.max_clients = before.max_clients + 1;
  ASSERT_EQ(listener->reconfigure(other), "");
  EXPECT_EQ(listener->settings().address, before.address);
  EXPECT_EQ(listener->settings().backlog, before.backlog);
  EXPECT_EQ(listener->settings().acceptors, before.acceptors);
  EXPECT_EQ(listener->settings().max_clients, before.max_clients + 1);
}

TEST_F(ListenerTest, ListensOnIpv6) {
  ListenerSettings settings = plain();
  settings.address = "[::1]:0";
  listen(settings);
  Client client = connect();
  client.send("six");
  Recorder& server = accepted();
  ASSERT_TRUE(server.wait_for_bytes(3));
  EXPECT_EQ(server.on_shard([](Transport& transport) { return transport.peer().address.ip_string(); }), "::1");
}

TEST_F(ListenerTest, TheWildcardAddressKnowsWhereItWasReached) {
  ListenerSettings settings = plain();
  settings.address = "0";
  listen(settings);
  SocketAddress loopback = *SocketAddress::parse_ip("127.0.0.1");
  loopback.port = listener->bound().port;
  Client client(loopback);
  EXPECT_EQ(accepted().on_shard([](Transport& transport) { return transport.peer().local; }), loopback);
}

TEST_F(ListenerTest, AcceptedSocketsHaveTheOptions) {
  ListenerSettings settings = plain();
  settings.nodelay = true;
  settings.recbuf = 8192;
  int nodelay = 0;
  int recbuf = 0;
  std::promise<void> seen;
  auto opened = Listener::open(shards, settings, [&](Shard&, AcceptedSocket socket) {
    socklen_t length = sizeof nodelay;
    ::getsockopt(socket.fd.get(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &length);
    ::getsockopt(socket.fd.get(), SOL_SOCKET, SO_RCVBUF, &recbuf, &length);
    seen.set_value();
  });
  ASSERT_TRUE(opened.has_value());
  (*opened)->start();
  Client client((*opened)->bound());
  seen.get_future().get();
  EXPECT_EQ(nodelay, 1);
  EXPECT_EQ(recbuf, 2 * 8192);  // the kernel doubles it
  (*opened)->stop();
}

TEST_F(ListenerTest, AccessRulesRefuse) {
  ListenerSettings settings = plain();
  settings.access = AccessRules({*AccessRule::parse("deny 127.0.0.0/8"), *AccessRule::parse("allow all")});
  listen(settings);
  Client client = connect();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->probe().refused_by_access.load(), 1U);
  EXPECT_EQ(listener->probe().accepted.load(), 0U);
}

TEST_F(ListenerTest, MaxClientsRefusesAndAPlaceComesBack) {
  ListenerSettings settings = plain();
  settings.max_clients = 2;
  listen(settings);
  Client first = connect();
  Client second = connect();
  Recorder& server = accepted();
  accepted();
  Client third = connect();
  EXPECT_TRUE(third.ended());
  EXPECT_EQ(listener->probe().refused_full.load(), 1U);
  server.drop();
  Client fourth = connect();
  fourth.send("in");
  EXPECT_TRUE(accepted().wait_for_bytes(2));
}

TEST_F(ListenerTest, ConnectionRateLetsOthersWait) {
  ListenerSettings settings = plain();
  settings.connection_rate = 20;  // ten a second and shard
  listen(settings);
  const auto start = Clock::now();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(std::make_unique<Client>(listener->bound()));
  for (int i = 0; i < 30; ++i) accepted();
  // At most twenty at once, whichever shards they hit; the rest at no more than twenty a second.
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(400));
  EXPECT_GE(listener->probe().deferred.load(), 1U);
}

TEST_F(ListenerTest, AReloadDoesNotFillTheBucketOfTheConnectionRate) {
  ListenerSettings settings = plain();
  settings.connection_rate = 20;
  listen(settings);
  const auto start = Clock::now();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<Client>(listener->bound()));
    EXPECT_EQ(listener->reconfigure(settings), "");
  }
  for (int i = 0; i < 30; ++i) accepted();
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(400));
}

TEST_F(ListenerTest, StopRefusesNewClientsAndKeepsTheOld) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  const SocketAddress bound = listener->bound();
  listener->stop();
  sockaddr_storage address;
  const socklen_t length = bound.to_sockaddr(address);
  const int late = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(late, reinterpret_cast<sockaddr*>(&address), length), -1);
  ::close(late);
  client.send("still");
  EXPECT_TRUE(server.wait_for_bytes(5));
}

TEST_F(ListenerTest, ProxyHeaderGivesTheAddresses) {
  ListenerSettings settings = plain();
  settings.proxy_protocol = true;
  listen(settings);
  Client client = connect();
  client.send("PROXY TCP4 192.0.2.1 198.51.100.2 12345 1883\r\nafter");
  Recorder& server = accepted();
  ASSERT_TRUE(server.wait_for_bytes(5));
  EXPECT_EQ(server.received, "after");
  server.on_shard([](Transport& transport) {
    EXPECT_EQ(transport.peer().address.to_string(), "192.0.2.1:12345");
    EXPECT_EQ(transport.peer().local.to_string(), "198.51.100.2:1883");
  });
}

TEST_F(ListenerTest, ProxyHeaderComesBeforeTls) {
  ListenerSettings settings = secure();
  settings.proxy_protocol = true;
  listen(settings);
  Client client = connect();
  client.send("PROXY TCP6 2001:db8::7 2001:db8::1 12345 8883\r\n");
  ASSERT_EQ(client.start_tls({}), "");
  EXPECT_EQ(accepted().on_shard([](Transport& transport) { return transport.peer().address.to_string(); }),
            "[2001:db8::7]:12345");
}

TEST_F(ListenerTest, ABadProxyHeaderEndsTheConnection) {
  ListenerSettings settings = plain();
  settings.proxy_protocol = true;
  listen(settings);
  Client client = connect();
  client.send("\x10\x0c MQTT at once");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->probe().proxy_failures.load(), 1U);
  EXPECT_EQ(listener->probe().current.load(), 0);
}

TEST_F(ListenerTest, ALateProxyHeaderEndsTheConnection) {
  ListenerSettings settings = plain();
  settings.proxy_protocol = true;
  settings.proxy_protocol_timeout = std::chrono::milliseconds(100);
  listen(settings);
  Client client = connect();
  client.send("PROXY TCP4 ");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->probe().proxy_failures.load(), 1U);
}

TEST_F(ListenerTest, ALateTlsHandshakeEndsTheConnection) {
  ListenerSettings settings = secure();
  settings.handshake_timeout = std::chrono::milliseconds(100);
  listen(settings);
  Client client = connect();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->probe().handshake_timeouts.load(), 1U);
  EXPECT_EQ(listener->probe().current.load(), 0);
}

TEST_F(ListenerTest, PlainTextOnATlsPortIsATlsFailure) {
  listen(secure());
  Client client = connect();
  client.send("\x10\x0c MQTT at once, without TLS, and long enough");
  while (!client.ended()) {
  }
  EXPECT_EQ(listener->probe().tls_failures.load(), 1U);
}

TEST_F(ListenerTest, ReloadGivesTheNewCertificateToNewClientsOnly) {
  const std::string folder = certificates() + "reload/";
  std::filesystem::create_directories(folder);
  const auto use = [&folder](const char* which) {
    const auto replace = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(certificates() + which + "cert.pem", folder + "cert.pem", replace);
    std::filesystem::copy_file(certificates() + which + "key.pem", folder + "key.pem", replace);
  };
  const auto name_of = [](Client& client) {
    X509* const certificate = ::SSL_get1_peer_certificate(client.ssl());
    std::array<char, 64> name{};
    ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
    ::X509_free(certificate);
    return std::string(name.data());
  };
  use("");
  ListenerSettings settings = secure();
  settings.tls->certfile = folder + "cert.pem";
  settings.tls->keyfile = folder + "key.pem";
  listen(settings);
  Client old_client = connect();
  ASSERT_EQ(old_client.start_tls({}), "");
  Recorder& old_server = accepted();
  EXPECT_EQ(name_of(old_client), "localhost");

  std::filesystem::copy_file(certificates() + "client-key.pem", folder + "key.pem",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(listener->reload_certificates().find("it is not the key of the certificate"), std::string::npos);
  Client between = connect();
  EXPECT_EQ(between.start_tls({}), "");
  EXPECT_EQ(name_of(between), "localhost");
  accepted();

  use("client-");
  EXPECT_EQ(listener->reload_certificates(), "");
  shards.run_on_all([](Shard&) {});
  Client new_client = connect();
  ASSERT_NE(new_client.start_tls({}), "");  // a client certificate is no server certificate
  old_client.send("still here");
  EXPECT_TRUE(old_server.wait_for_bytes(10));
}

TEST_F(ListenerTest, ReconfigureChangesTheLimitsOfNewClients) {
  ListenerSettings settings = plain();
  listen(settings);
  Client first = connect();
  accepted();
  settings.max_clients = 1;
  EXPECT_EQ(listener->reconfigure(settings), "");
  shards.run_on_all([](Shard&) {});
  Client second = connect();
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(listener->probe().refused_full.load(), 1U);
}

/// Runs in a child process, whose limit of open files it lowers; returns 0 if everything held.
int run_out_of_descriptors() {
  ShardGroup shards(1);
  shards.start();
  std::vector<AcceptedSocket> kept;
  ListenerSettings settings;
  settings.name = "test:tcp:a";
  settings.key = "listener.tcp.a";
  settings.address = "127.0.0.1:0";
  auto opened =
      Listener::open(shards, settings, [&kept](Shard&, AcceptedSocket socket) { kept.push_back(std::move(socket)); });
  if (!opened) return 10;
  Listener& listener = **opened;
  listener.start();
  // Clients' sockets first, then the limit: only accept() can run out.
  std::vector<int> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int next = ::dup(0);
  ::close(next);
  const rlimit limit{static_cast<rlim_t>(next) + 10, static_cast<rlim_t>(next) + 10};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 11;
  sockaddr_storage address;
  const socklen_t length = listener.bound().to_sockaddr(address);
  for (const int client : clients) {
    if (::connect(client, reinterpret_cast<sockaddr*>(&address), length) != 0) return 12;
  }
  const auto deadline = Clock::now() + kPatience;
  while (listener.probe().accepted + listener.probe().refused_exhausted < 40) {
    if (Clock::now() > deadline) return 13;
    std::this_thread::yield();
  }
  if (listener.probe().accepted != 10) return 14;
  // A descriptor comes back: service goes on.
  shards.run_on_all([&kept](Shard&) { kept.pop_back(); });
  const int again = clients.back();
  ::close(again);
  const int late = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  shards.run_on_all([&kept](Shard&) { kept.pop_back(); });
  if (late < 0 || ::connect(late, reinterpret_cast<sockaddr*>(&address), length) != 0) return 15;
  while (listener.probe().accepted != 11) {
    if (Clock::now() > deadline) return 16;
    std::this_thread::yield();
  }
  listener.stop();
  shards.run_on_all([&kept](Shard&) { kept.clear(); });
  shards.stop();
  return 0;
}

TEST(ListenerDeathTest, OutOfDescriptorsItRefusesAtOnceAndRecovers) {
  EXPECT_EXIT(std::_Exit(run_out_of_descriptors()), ::testing::ExitedWithCode(0), "Too many open files");
}

}  // namespace
}  // namespace sluice::test

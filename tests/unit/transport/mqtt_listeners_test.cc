// SPDX-License-Identifier: Apache-2.0
#include "broker/transport/mqtt_listeners.h"

#include <future>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "broker/transport/transport_config.h"

namespace sluice::transport {
namespace {

ConfigStore store_of(const std::string& text) {
  ConfigStore store({kTcpTable, kSslTable});
  std::istringstream in(text);
  store.load_stream(in, "test.conf");
  EXPECT_TRUE(store.problems().empty()) << (store.problems().empty() ? "" : store.problems()[0].to_string());
  return store;
}

std::string resolve(std::string_view text) { return "/root/" + std::string(text); }

TEST(MqttListenerSettings, TakesEveryKeyOfTheManual) {
  const ConfigStore store = store_of(R"(
listener.tcp.external = 0.0.0.0:2883
listener.tcp.external.acceptors = 8
listener.tcp.external.max_clients = 77
listener.tcp.external.max_conn_rate = 5
listener.tcp.external.zone = outside
listener.tcp.external.mountpoint = external/
listener.tcp.external.rate_limit = 100,10
listener.tcp.external.access.1 = deny 10.1.0.0/16
listener.tcp.external.access.2 = allow 10.0.0.0/8
listener.tcp.external.access.10 = deny all
listener.tcp.external.proxy_protocol = on
listener.tcp.external.proxy_protocol_timeout = 7s
listener.tcp.external.peer_cert_as_username = cn
listener.tcp.external.backlog = 99
listener.tcp.external.send_timeout = 20s
listener.tcp.external.send_timeout_close = off
listener.tcp.external.close_timeout = 2s
listener.tcp.external.recbuf = 4KB
listener.tcp.external.sndbuf = 8KB
listener.tcp.external.nodelay = false
listener.tcp.external.reuseaddr = false
)");
  const auto all = mqtt_listener_settings(store, resolve, {});
  ASSERT_EQ(all.size(), 1U);
  const ListenerSettings& settings = all[0].listener;
  EXPECT_EQ(settings.name, "mqtt:tcp:external");
  EXPECT_EQ(settings.key, "listener.tcp.external");
  EXPECT_EQ(settings.address, "0.0.0.0:2883");
  EXPECT_EQ(settings.acceptors, 8U);
  EXPECT_EQ(settings.max_clients, 77U);
  EXPECT_EQ(settings.connection_rate, 5U);
  EXPECT_EQ(settings.rate_limit.burst, 102400U);
  EXPECT_EQ(settings.rate_limit.per_second, 10240U);
  EXPECT_FALSE(settings.access.allows(*SocketAddress::parse_ip("10.1.2.3")));
  EXPECT_TRUE(settings.access.allows(*SocketAddress::parse_ip("10.2.2.3")));
  EXPECT_FALSE(settings.access.allows(*SocketAddress::parse_ip("127.0.0.1")));
  EXPECT_TRUE(settings.proxy_protocol);
  EXPECT_EQ(settings.proxy_protocol_timeout, std::chrono::seconds(7));
  EXPECT_EQ(settings.backlog, 99U);
  EXPECT_EQ(settings.send_timeout, std::chrono::seconds(20));
  EXPECT_FALSE(settings.send_timeout_close);
  EXPECT_EQ(settings.linger, std::chrono::seconds(2));
  EXPECT_EQ(settings.recbuf, 4096U);
  EXPECT_EQ(settings.sndbuf, 8192U);
  EXPECT_FALSE(settings.nodelay);
  EXPECT_FALSE(settings.reuseaddr);
  EXPECT_FALSE(settings.tls.has_value());
  EXPECT_EQ(all[0].traits->name, "mqtt:tcp:external");
  EXPECT_EQ(all[0].traits->mountpoint, "external/");
  EXPECT_EQ(all[0].traits->zone, "outside");
  EXPECT_EQ(all[0].traits->cert_username, CertUsername::CommonName);
}

TEST(MqttListenerSettings, TlsHasItsFilesResolvedAndThePskLookUp) {
  const ConfigStore store = store_of(R"(
listener.ssl.external = 8883
listener.ssl.external.keyfile = etc/certs/key.pem
listener.ssl.external.certfile = etc/certs/cert.pem
listener.ssl.external.cacertfile = etc/certs/cacert.pem
listener.ssl.external.tls_versions = tlsv1.2,tlsv1.1,tlsv1
listener.ssl.external.ciphers = ECDHE-ECDSA-AES256-GCM-SHA384
listener.ssl.external.verify = verify_peer
listener.ssl.external.fail_if_no_peer_cert = true
listener.ssl.external.reuse_sessions = off
listener.ssl.external.honor_cipher_order = off
listener.ssl.external.handshake_timeout = 9
)");
  const auto all = mqtt_listener_settings(store, resolve, [](std::string_view) { return std::vector<std::byte>(3); });
  ASSERT_EQ(all.size(), 1U);
  const ListenerSettings& settings = all[0].listener;
  ASSERT_TRUE(settings.tls.has_value());
  EXPECT_EQ(settings.name, "mqtt:ssl:external");
  EXPECT_EQ(settings.max_clients, 1024U);
  EXPECT_EQ(settings.tls->keyfile, "/root/etc/certs/key.pem");
  EXPECT_EQ(settings.tls->certfile, "/root/etc/certs/cert.pem");
  EXPECT_EQ(settings.tls->cacertfile, "/root/etc/certs/cacert.pem");
  EXPECT_EQ(settings.tls->dhfile, "");
  EXPECT_EQ(settings.tls->tls_versions, "tlsv1.2,tlsv1.1,tlsv1");
  EXPECT_EQ(settings.tls->ciphers, "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_TRUE(settings.tls->verify_peer);
  EXPECT_TRUE(settings.tls->fail_if_no_peer_cert);
  EXPECT_FALSE(settings.tls->reuse_sessions);
  EXPECT_FALSE(settings.tls->honor_cipher_order);
  EXPECT_EQ(settings.tls->psk_key("x").size(), 3U);
  EXPECT_EQ(settings.handshake_timeout, std::chrono::seconds(9));
}

TEST(MqttListenerSettings, OffIsNoListener) {
  const ConfigStore store = store_of("listener.tcp.a = 1883\nlistener.tcp.b = off\nlistener.ssl.c = off\n");
  const auto all = mqtt_listener_settings(store, resolve, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].listener.name, "mqtt:tcp:a");
}

TEST(MqttListeners, GivesEveryClientATransportAndTheTraits) {
  ShardGroup shards(2);
  shards.start();
  std::promise<std::pair<std::unique_ptr<Transport>, std::string>> accepted;
  MqttListeners listeners(
      shards, [&accepted](std::unique_ptr<Transport> transport, std::shared_ptr<const ListenerTraits> traits) {
        accepted.set_value({std::move(transport), traits->mountpoint});
      });
  const auto settings = [](const char* mountpoint) {
    return mqtt_listener_settings(
        store_of("listener.tcp.a = 127.0.0.1:0\nlistener.tcp.a.mountpoint = " + std::string(mountpoint) + "\n"),
        resolve, {})[0];
  };
  ASSERT_EQ(listeners.open(settings("before/")), "");
  listeners.start();
  ASSERT_EQ(listeners.reconfigure(settings("after/")), "");
  sockaddr_storage address;
  const socklen_t length = listeners.listeners()[0]->bound().to_sockaddr(address);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), length), 0);
  auto [transport, mountpoint] = accepted.get_future().get();
  EXPECT_EQ(mountpoint, "after/");
  EXPECT_EQ(transport->peer().address, local_address(client));
  ::close(client);
  listeners.stop();
  shards.stop();
}

TEST(MqttListeners, AListenerThatIsNotOpenIsLeftToTheNextStart) {
  ShardGroup shards(1);
  MqttListeners listeners(shards, {});
  const auto settings = mqtt_listener_settings(store_of("listener.tcp.a = 127.0.0.1:0\n"), resolve, {})[0];
  EXPECT_EQ(listeners.reconfigure(settings), "");
  EXPECT_TRUE(listeners.listeners().empty());
}

}  // namespace
}  // namespace sluice::transport

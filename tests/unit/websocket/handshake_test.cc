// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "gateways/websocket/ws_probe.h"
#include "tests/unit/websocket/fixture.h"

namespace sluice::ws::test {
namespace {

/// Sends raw bytes and returns everything until the server closes.
std::string ask(const Server& server, const std::string& request) {
  boost::asio::io_context io;
  tcp::socket socket = connect_tcp(io, server);
  boost::asio::write(socket, boost::asio::buffer(request));
  std::string answer;
  ErrorCode error;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
  EXPECT_EQ(error, boost::asio::error::eof) << answer;
  return answer;
}

/// The status of the answer to an upgrade for MQTT with one header more.
unsigned upgrade_with(Client& client, const std::string& header, const std::string& value) {
  client.stream.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
    request.set(header, value);
    request.set(boost::beast::http::field::sec_websocket_protocol, "mqtt");
  }));
  ErrorCode error;
  client.stream.handshake(client.response, "localhost", "/mqtt", error);
  return client.response.result_int();
}

TEST(WsHandshake, UpgradesAndNamesTheSubprotocol) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake("mqttv3.1"));
  EXPECT_EQ(client.response[boost::beast::http::field::sec_websocket_protocol], "mqttv3.1");
  EXPECT_EQ(client.response.count(boost::beast::http::field::sec_websocket_extensions), 0U);
  const auto peer = server.accepted.take();
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer_of(**peer).address.port, client.stream.next_layer().local_endpoint().port());
  EXPECT_EQ(peer_of(**peer).local.port, server.tcp_port());
}

TEST(WsHandshake, RefusesWithoutAKnownSubprotocol) {
  Server server;
  server.start();
  Client client(server);
  EXPECT_EQ(client.handshake(""), websocket::error::upgrade_declined);
  EXPECT_EQ(client.response.result_int(), 400U);
  EXPECT_NE(client.response.body().find("mqttv3.1"), std::string::npos);
}

TEST(WsHandshake, HealthChecksAnswer200) {
  WsSettings settings;
  settings.status_text = "all is well\n";
  Server server(settings);
  server.start();
  for (const std::string path : {"/status", "/mqtt/status"}) {
    const std::string answer = ask(server, "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nall is well\n")) << answer;
  }
  const std::string head = ask(server, "HEAD /status HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  EXPECT_NE(head.find("Content-Length: 12\r\n"), std::string::npos) << head;
}

TEST(WsHandshake, EveryRefusalIsAnAnswer) {
  Server server;
  server.start();
  const std::string wide(9 * 1024, 'x');
  const struct {
    std::string request;
    std::string status;
  } table[] = {
      {"GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n", "404"},
      {"DELETE /mqtt HTTP/1.1\r\nHost: h\r\n\r\n", "405"},
      {"GET /mqtt HTTP/1.1\r\nHost: h\r\n\r\n", "426"},
      {"GET /mqtt HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "413"},
      {"GET /mqtt HTTP/1.1\r\nHost: h\r\nX: " + wide + "\r\n\r\n", "431"},
      {"GET /" + wide + " HTTP/1.1\r\nHost: h\r\n\r\n", "431"},
      {"garbage\r\n\r\n", "400"},
      {"GET /mqtt HTTP/1.1\r\nbad header\r\n\r\n", "400"},
      {"\x10\x12\x00\x04MQTT\x04\x02\r\n\r\n", "400"},
  };
  for (const auto& row : table) {
    const std::string answer = ask(server, row.request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + row.status)) << row.request.substr(0, 40) << " -> " << answer;
  }
}

TEST(WsHandshake, FramesBeforeTheAnswerAreRefused) {
  Server server;
  server.start();
  const std::string answer = ask(server,
                                 "GET /mqtt HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                 "Sec-WebSocket-Protocol: mqtt\r\n\r\nfirst bytes");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
}

TEST(WsHandshake, SlowRequestTimesOut) {
  WsSettings settings;
  settings.request_timeout = std::chrono::milliseconds(100);
  Server server(settings);
  server.start();
  const auto before = probe().request_timeouts.value();
  EXPECT_TRUE(ask(server, "GET /mqtt HT").starts_with("HTTP/1.1 408"));
  EXPECT_EQ(ask(server, ""), "") << "who said nothing is told nothing";
  EXPECT_EQ(probe().request_timeouts.value(), before + 2);
}

TEST(WsHandshake, OriginOutsideTheListIsForbidden) {
  WsSettings settings;
  settings.origins = {"https://good.example"};
  Server server(settings);
  server.start();
  for (const auto& [origin, status] : {std::pair("https://good.example", 101U), {"https://evil.example", 403U}}) {
    Client client(server);
    EXPECT_EQ(upgrade_with(client, "Origin", origin), status) << origin;
  }
}

TEST(WsHandshake, AddressComesFromTheProxysHeaderWhenConfigured) {
  WsSettings settings;
  settings.proxy_address_header = "X-Real-IP";
  Server server(settings);
  server.start();
  Client client(server);
  ASSERT_EQ(upgrade_with(client, "X-Real-IP", "192.0.2.44"), 101U);
  const auto peer = server.accepted.take();
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer_of(**peer).address.ip_string(), "192.0.2.44");
}

TEST(WsHandshake, AProxysHeaderWithoutAnAddressIsRefused) {
  WsSettings settings;
  settings.proxy_address_header = "X-Real-IP";
  Server server(settings);
  server.start();
  Client client(server);
  EXPECT_EQ(upgrade_with(client, "X-Real-IP", "unknown"), 400U);
}

TEST(WsHandshake, ReconfiguredSettingsHoldForNewClients) {
  Server server;
  server.start();
  WsSettings settings;
  settings.require_subprotocol = false;
  ListenerSettings listener = server.gateway.listeners().front()->settings();
  auto traits = std::make_shared<ListenerTraits>();
  traits->name = listener.name;
  traits->mountpoint = "after/";
  ASSERT_EQ(server.gateway.reconfigure(listener, settings, traits), "");
  Client client(server);
  EXPECT_FALSE(client.handshake(""));
  const auto peer = server.accepted.take();
  ASSERT_TRUE(peer);
  EXPECT_EQ(mountpoint_of(**peer), "after/");
  listener.name = "mqtt:ws:other";
  EXPECT_EQ(server.gateway.reconfigure(listener, settings, traits), "");  // it waits for the next start
}

}  // namespace
}  // namespace sluice::ws::test

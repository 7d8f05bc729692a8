// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <gtest/gtest.h>

#include "gateways/websocket/ws_upgrade.h"

namespace sluice::ws {
namespace {

namespace http = boost::beast::http;

http::request<http::empty_body> parse(const std::string& head) {
  http::request_parser<http::empty_body> parser;
  parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head), error);
  EXPECT_FALSE(error) << head << error.message();
  return parser.release();
}

StreamPort mqtt_port() {
  StreamPort port;
  port.add({"mqtt", {"mqtt", "mqttv3.1", "mqttv3.1.1"}, StreamPort::Frames::Binary, {}});
  return port;
}

const std::string kGood =
    "GET /mqtt HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

Decision decide_on(const std::string& head, const WsSettings& settings = {}) {
  const StreamPort port = mqtt_port();
  Decision decision = decide(parse(head + "\r\n"), settings, port);
  if (auto* upgrade = std::get_if<Upgrade>(&decision)) {
    EXPECT_EQ(upgrade->protocol, port.find("mqtt"));
    upgrade->protocol = nullptr;
  }
  return decision;
}

unsigned status_of(const Decision& decision) {
  if (const auto* refusal = std::get_if<Refusal>(&decision)) return static_cast<unsigned>(refusal->status);
  return std::holds_alternative<Upgrade>(decision) ? 101 : 200;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(WsUpgrade, AnswersEveryKindOfRequest) {
  const std::string good = kGood + "Sec-WebSocket-Protocol: mqtt\r\n";
  const struct {
    const char* name;
    std::string head;
    unsigned status;
  } table[] = {
      {"upgrade", good, 101},
      {"query is ignored", replaced(good, "/mqtt", "/mqtt?token=1"), 101},
      {"status", "GET /status HTTP/1.1\r\nHost: h\r\n", 200},
      {"status under the path", "GET /mqtt/status HTTP/1.1\r\nHost: h\r\n", 200},
      {"status HEAD", "HEAD /status HTTP/1.1\r\nHost: h\r\n", 200},
      {"status HTTP/1.0", "GET /status HTTP/1.0\r\n", 200},
      {"status POST", "POST /status HTTP/1.1\r\nHost: h\r\n", 405},
      {"body", "POST /mqtt HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n", 413},
      {"chunked body", "POST /mqtt HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n", 413},
      {"other path", replaced(good, "/mqtt", "/other"), 404},
      {"path of a protocol that is not there", replaced(good, "/mqtt", "/stomp"), 404},
      {"longer path", replaced(good, "/mqtt", "/mqtt/x"), 404},
      {"root", "GET / HTTP/1.1\r\nHost: h\r\n", 404},
      {"method", replaced(good, "GET", "PUT"), 405},
      {"no upgrade", "GET /mqtt HTTP/1.1\r\nHost: h\r\n", 426},
      {"other upgrade", replaced(good, "WebSocket", "h2c"), 426},
      {"no connection token", replaced(good, "keep-alive, Upgrade", "keep-alive"), 426},
      {"HTTP/1.0", replaced(good, "HTTP/1.1", "HTTP/1.0"), 400},
      {"no host", replaced(good, "Host: h\r\n", ""), 400},
      {"two hosts", replaced(good, "Host: h\r\n", "Host: h\r\nHost: i\r\n"), 400},
      {"version 8", replaced(good, ": 13", ": 8"), 426},
      {"no version", replaced(good, "Sec-WebSocket-Version: 13\r\n", ""), 400},
      {"no key", replaced(good, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400},
      {"short key", replaced(good, "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="), 400},
      {"key that is no base64", replaced(good, "dGhlIHNhbXBsZSBub25jZQ==", "!GhlIHNhbXBsZSBub25jZQ=="), 400},
      {"two keys", good + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
      {"no subprotocol", kGood, 400},
      {"unknown subprotocol", kGood + "Sec-WebSocket-Protocol: amqp\r\n", 400},
  };
  for (const auto& row : table) EXPECT_EQ(status_of(decide_on(row.head)), row.status) << row.name;
}

TEST(WsUpgrade, ChoosesTheSubprotocolThatTheProtocolPrefers) {
  const struct {
    std::string offer;
    std::string chosen;
  } table[] = {{"Sec-WebSocket-Protocol: mqttv3.1\r\n", "mqttv3.1"},
               {"Sec-WebSocket-Protocol: mqttv3.1.1\r\n", "mqttv3.1.1"},
               {"Sec-WebSocket-Protocol: mqttv3.1, mqtt\r\n", "mqtt"},
               {"Sec-WebSocket-Protocol: amqp\r\nSec-WebSocket-Protocol: mqttv3.1\r\n", "mqttv3.1"}};
  for (const auto& row : table) {
    const Decision decision = decide_on(kGood + row.offer);
    ASSERT_EQ(status_of(decision), 101U) << row.offer;
    EXPECT_EQ(std::get<Upgrade>(decision).subprotocol, row.chosen) << row.offer;
  }
}

TEST(WsUpgrade, WithoutTheHeaderRuleAnyOfferIsTaken) {
  WsSettings settings;
  settings.require_subprotocol = false;
  for (const std::string offer : {"", "Sec-WebSocket-Protocol: amqp\r\n"}) {
    const Decision decision = decide_on(kGood + offer, settings);
    ASSERT_EQ(status_of(decision), 101U) << offer;
    EXPECT_EQ(std::get<Upgrade>(decision).subprotocol, "");
  }
}

TEST(WsUpgrade, OriginMustBeListedWhenThereIsAList) {
  WsSettings settings;
  settings.origins = {"https://a.example", "https://b.example:8443"};
  const std::string good = kGood + "Sec-WebSocket-Protocol: mqtt\r\n";
  EXPECT_EQ(status_of(decide_on(good + "Origin: https://A.example\r\n", settings)), 101U);
  EXPECT_EQ(status_of(decide_on(good + "Origin: https://b.example:8443\r\n", settings)), 101U);
  EXPECT_EQ(status_of(decide_on(good + "Origin: https://b.example\r\n", settings)), 403U);
  EXPECT_EQ(status_of(decide_on(good + "Origin: null\r\n", settings)), 403U);
  EXPECT_EQ(status_of(decide_on(good, settings)), 101U) << "no browser";
  EXPECT_EQ(status_of(decide_on(good + "Origin: https://c.example\r\n")), 101U) << "no list";
}

TEST(WsUpgrade, NotFoundSaysWhatIsThere) {
  const Decision decision = decide_on("GET /x HTTP/1.1\r\nHost: h\r\n");
  ASSERT_EQ(status_of(decision), 404U);
  EXPECT_NE(std::get<Refusal>(decision).text.find("/mqtt (mqtt)"), std::string::npos);
}

TEST(WsUpgrade, DeflateCountsOnlyWithAWindowThatTheServerMayChoose) {
  const std::string good = kGood + "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Extensions: ";
  EXPECT_TRUE(std::get<Upgrade>(decide_on(good + "permessage-deflate; client_max_window_bits\r\n")).deflate_offered);
  EXPECT_TRUE(
      std::get<Upgrade>(decide_on(good + "x, permessage-deflate; client_max_window_bits=12\r\n")).deflate_offered);
  EXPECT_FALSE(std::get<Upgrade>(decide_on(good + "permessage-deflate\r\n")).deflate_offered);
  EXPECT_FALSE(std::get<Upgrade>(decide_on(good + "other; client_max_window_bits\r\n")).deflate_offered);
}

TEST(WsUpgrade, ForwardedAddressIsTheNearestProxys) {
  WsSettings settings;
  settings.proxy_address_header = "X-Forwarded-For";
  settings.proxy_port_header = "X-Forwarded-Port";
  const struct {
    std::string headers;
    std::string address;
  } table[] = {{"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7:0"},
               {"X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\nX-Forwarded-Port: 4711\r\n", "192.0.2.7:4711"},
               {"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 192.0.2.8\r\n", "192.0.2.8:0"},
               {"X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Port: 70000\r\n", "[2001:db8::1]:0"},
               {"X-Forwarded-For: 192.0.2.9:4712\r\n", "192.0.2.9:4712"},
               {"X-Forwarded-For: 10.0.0.1:1, [2001:db8::2]:4713\r\n", "[2001:db8::2]:4713"},
               {"X-Forwarded-For: 4714\r\n", ""},
               {"X-Forwarded-For: unknown\r\n", ""},
               {"X-Forwarded-For: \r\n", ""},
               {"X-Real-IP: 192.0.2.9\r\n", ""}};
  for (const auto& row : table) {
    const auto address = forwarded_address(parse("GET /mqtt HTTP/1.1\r\n" + row.headers + "\r\n"), settings);
    EXPECT_EQ(address ? address->to_string() : "", row.address) << row.headers;
  }
}

TEST(WsUpgrade, ForwardedAddressIsNotBelievedUnasked) {
  EXPECT_FALSE(forwarded_address(parse("GET /mqtt HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"), {}));
}

}  // namespace
}  // namespace sluice::ws

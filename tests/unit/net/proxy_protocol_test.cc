// SPDX-License-Identifier: Apache-2.0
#include "shared/net/proxy_protocol.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::string_literals;
using State = ProxyParser::State;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(char version_command, char family, const std::string& body) {
  const auto size = static_cast<unsigned>(body.size());
  return kSignature + version_command + family + static_cast<char>(size >> 8U) + static_cast<char>(size & 0xffU) + body;
}

const std::string kV4Body = "\xc0\x00\x02\x01\x7f\x00\x00\x01\x30\x39\x07\x5b"s;
const std::string kV6Body =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s + std::string(15, '\0') + "\x01\x30\x39\x07\x5b"s;

std::string tlv(char type, const std::string& value) {
  return type + ""s + static_cast<char>(value.size() >> 8U) + static_cast<char>(value.size() & 0xffU) + value;
}

std::string tls_tlv(char client, std::uint32_t verify, const std::string& inner) {
  std::string value(1, client);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) value += static_cast<char>(verify >> shift & 0xffU);
  return tlv('\x20', value + inner);
}

/// Feeds as a socket would: never more than wanted; returns how many bytes were taken.
std::size_t parse(ProxyParser& parser, std::string_view bytes, std::size_t most_at_once = 4096) {
  std::size_t at = 0;
  while (parser.state() == State::NeedMore && at < bytes.size()) {
    EXPECT_GE(parser.wanted(), 1U);
    const auto part = bytes.substr(at, std::min(parser.wanted(), most_at_once));
    parser.feed(std::as_bytes(std::span(part)));
    at += part.size();
  }
  return at;
}

struct Good {
  const char* what;
  std::string bytes;
  bool proxied;
  const char* source;
  const char* destination;
  const char* common_name = "";
};

std::vector<Good> good_headers() {
  return {
      {"v1 TCP4", "PROXY TCP4 192.0.2.1 127.0.0.1 12345 1883\r\n", true, "192.0.2.1:12345", "127.0.0.1:1883"},
      {"v1 shortest TCP4", "PROXY TCP4 1.1.1.1 1.1.1.1 0 0\r\n", true, "1.1.1.1:0", "1.1.1.1:0"},
      {"v1 TCP6", "PROXY TCP6 2001:db8::1 ::1 65535 1883\r\n", true, "[2001:db8::1]:65535", "[::1]:1883"},
      {"v1 UNKNOWN", "PROXY UNKNOWN\r\n", false, "", ""},
      {"v1 UNKNOWN and more", "PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", false, "", ""},
      {"v2 TCP4", v2('\x21', '\x11', kV4Body), true, "192.0.2.1:12345", "127.0.0.1:1883"},
      {"v2 TCP6", v2('\x21', '\x21', kV6Body), true, "[2001:db8::1]:12345", "[::1]:1883"},
      {"v2 LOCAL", v2('\x20', '\x00', ""), false, "", ""},
      {"v2 LOCAL with addresses", v2('\x20', '\x11', kV4Body), false, "", ""},
      {"v2 UNSPEC", v2('\x21', '\x00', ""), false, "", ""},
      {"v2 UNSPEC with bytes to skip", v2('\x21', '\x00', "anything"), false, "", ""},
      {"v2 UDP4", v2('\x21', '\x12', kV4Body), false, "", ""},
      {"v2 UNIX", v2('\x21', '\x31', std::string(216, 'u')), false, "", ""},
      {"v2 with TLVs", v2('\x21', '\x11', kV4Body + tlv('\x01', "mqtt") + tlv('\x04', "") + tlv('\x05', "id")), true,
       "192.0.2.1:12345", "127.0.0.1:1883"},
      {"v2 TLS, verified",
       v2('\x21', '\x11', kV4Body + tls_tlv('\x07', 0, tlv('\x21', "TLSv1.3") + tlv('\x22', "dev-7"))), true,
       "192.0.2.1:12345", "127.0.0.1:1883", "dev-7"},
      {"v2 TLS, not verified", v2('\x21', '\x11', kV4Body + tls_tlv('\x07', 1, tlv('\x22', "dev-7"))), true,
       "192.0.2.1:12345", "127.0.0.1:1883"},
      {"v2 TLS, no client certificate", v2('\x21', '\x11', kV4Body + tls_tlv('\x01', 0, tlv('\x22', "dev-7"))), true,
       "192.0.2.1:12345", "127.0.0.1:1883"},
      {"v2 TLS, CN with NUL", v2('\x21', '\x11', kV4Body + tls_tlv('\x07', 0, tlv('\x22', "dev\0x"s))), true,
       "192.0.2.1:12345", "127.0.0.1:1883"},
      {"v2 longest", v2('\x21', '\x11', kV4Body + tlv('\x04', std::string(4096 - 16 - 12 - 3, 'x'))), true,
       "192.0.2.1:12345", "127.0.0.1:1883"},
  };
}

TEST(ProxyProtocol, ReadsEveryGoodHeaderWhole) {
  for (const Good& good : good_headers()) {
    SCOPED_TRACE(good.what);
    ProxyParser parser;
    EXPECT_EQ(parse(parser, good.bytes + "\x10MQTT"), good.bytes.size());
    ASSERT_EQ(parser.state(), State::Done);
    EXPECT_EQ(parser.wanted(), 0U);
    EXPECT_EQ(parser.header().proxied, good.proxied);
    if (good.proxied) {
      EXPECT_EQ(parser.header().source.to_string(), good.source);
      EXPECT_EQ(parser.header().destination.to_string(), good.destination);
    }
    EXPECT_EQ(parser.header().common_name, good.common_name);
  }
}

TEST(ProxyProtocol, ReadsThemByteByByte) {
  for (const Good& good : good_headers()) {
    SCOPED_TRACE(good.what);
    ProxyParser parser;
    EXPECT_EQ(parse(parser, good.bytes, 1), good.bytes.size());
    EXPECT_EQ(parser.state(), State::Done);
    EXPECT_EQ(parser.header().proxied, good.proxied);
  }
}

TEST(ProxyProtocol, WaitsWhereverAHeaderIsCut) {
  for (const Good& good : good_headers()) {
    SCOPED_TRACE(good.what);
    for (std::size_t length = 0; length < good.bytes.size(); ++length) {
      ProxyParser parser;
      parse(parser, std::string_view(good.bytes).substr(0, length));
      ASSERT_EQ(parser.state(), State::NeedMore) << "cut at " << length;
      ASSERT_LE(length + parser.wanted(), good.bytes.size()) << "cut at " << length;
    }
  }
}

TEST(ProxyProtocol, RefusesTheMalformed) {
  const std::vector<std::pair<const char*, std::string>> bad{
      {"MQTT", "\x10\x0c\x00\x04MQTT\x04\x02\x00<\x00\x00\x00"s},
      {"TLS", "\x16\x03\x01\x02\x00\x01"s},
      {"first byte", "p"},
      {"lower case", "proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n"},
      {"no family", "PROXY \r\n         \r\n"},
      {"ends within the first read", "PROXY TCP4\r\nXXX"},
      {"unknown family", "PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n"},
      {"UNKNOWN glued", "PROXY UNKNOWNX 1 1 1 1\r\n"},
      {"v4 text in TCP6", "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n"},
      {"v6 text in TCP4", "PROXY TCP4 ::1 ::1 1 1\r\n"},
      {"leading zero port", "PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n"},
      {"port too large", "PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n"},
      {"negative port", "PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n"},
      {"no port", "PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n"},
      {"a field too many", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n"},
      {"two blanks", "PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n"},
      {"blank at the end", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n"},
      {"bad address", "PROXY TCP4 1.1.1.256 1.1.1.1 1 1\r\n"},
      {"no CR", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n"},
      {"CR and something", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\rX"},
      {"endless line", "PROXY UNKNOWN " + std::string(200, 'x')},
      {"v2 signature broken", "\r\n\r\n\0\r\nQUIX\n!!!!!"s},
      {"v2 version 1", v2('\x11', '\x11', kV4Body)},
      {"v2 command 2", v2('\x22', '\x11', kV4Body)},
      {"v2 family 4", v2('\x21', '\x41', kV4Body)},
      {"v2 transport 3", v2('\x21', '\x13', kV4Body)},
      {"v2 TCP4 too short", v2('\x21', '\x11', kV4Body.substr(1))},
      {"v2 TCP6 too short", v2('\x21', '\x21', kV4Body)},
      {"v2 UNIX too short", v2('\x21', '\x31', kV6Body)},
      {"v2 TLV header cut", v2('\x21', '\x11', kV4Body + "\x01\x00"s)},
      {"v2 TLV value cut", v2('\x21', '\x11', kV4Body + "\x01\x00\x05mqtt"s)},
      {"v2 longer than we take", v2('\x21', '\x11', kV4Body + std::string(4096, '\0'))},
  };
  for (const auto& [what, bytes] : bad) {
    SCOPED_TRACE(what);
    ProxyParser parser;
    parse(parser, bytes);
    EXPECT_EQ(parser.state(), State::Malformed);
    EXPECT_NE(parser.reason(), ""s);
    EXPECT_EQ(parser.wanted(), 0U);
  }
}

TEST(ProxyProtocol, TellsAStrangerAtTheFirstByte) {
  ProxyParser parser;
  EXPECT_EQ(parser.feed(std::as_bytes(std::span("\x10", 1))), State::Malformed);
}

}  // namespace
}  // namespace sluice

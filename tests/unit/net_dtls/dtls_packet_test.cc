// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_packet.h"

#include "tests/unit/net_dtls/dtls_fixture.h"

namespace sluice::test {
namespace {

using namespace std::string_literals;

std::string hello_body(const std::string& cookie) {
  return "\xFE\xFD"s + std::string(32, 'r') + "\x02id"s + static_cast<char>(cookie.size()) + cookie +
         "\0\x02\xC0\xA8"s + "\x01\0"s;
}

std::string message(const std::string& body, const std::string& fragment) {
  const std::string length = "\0\0"s + static_cast<char>(body.size());
  return "\x01"s + length + "\0\0"s + fragment + length + body;
}

std::string record(const std::string& payload, char type = 22) {
  return std::string(1, type) + "\xFE\xFF\0\0\0\0\0\0\0\x07\0"s + static_cast<char>(payload.size()) + payload;
}

std::string hello(const std::string& cookie) { return record(message(hello_body(cookie), "\0\0\0"s)); }

std::optional<ClientHello> parse(const std::string& datagram) {
  auto rest = std::as_bytes(std::span(datagram));
  const auto first = take_record(rest);
  return first ? parse_client_hello(*first) : std::nullopt;
}

TEST(DtlsPacket, ReadsRecordsOneByOne) {
  const std::string datagram = record("abc", 23) + record("", 21);
  auto rest = std::as_bytes(std::span(datagram));
  const auto first = take_record(rest);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, DtlsContent::ApplicationData);
  EXPECT_EQ(first->epoch, 0);
  EXPECT_EQ(first->sequence, 7U);
  EXPECT_EQ(to_text(first->payload), "abc");
  EXPECT_EQ(to_text(first->whole), record("abc", 23));
  const auto second = take_record(rest);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->type, DtlsContent::Alert);
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_record(rest));
}

TEST(DtlsPacket, ReadsEpochAndNumber) {
  const std::string datagram("\x17\xFE\xFD\x01\x02\x03\x04\x05\x06\x07\x08\0\0", 13);
  auto rest = std::as_bytes(std::span(datagram));
  const auto record = take_record(rest);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->epoch, 0x0102);
  EXPECT_EQ(record->sequence, 0x0304'0506'0708U);
}

TEST(DtlsPacket, RefusesWhatIsNoRecord) {
  for (const std::string& datagram : {record("abc", 19), record("abc", 24), record("abc").replace(1, 1, "\x03"),
                                      record("abc").replace(12, 1, "\x04"), record("abc").replace(11, 1, "\x80")}) {
    auto rest = std::as_bytes(std::span(datagram));
    EXPECT_FALSE(take_record(rest));
    EXPECT_TRUE(rest.empty());
  }
}

TEST(DtlsPacket, ReadsAClientHello) {
  const std::string datagram = hello("cookie");
  const auto parsed = parse(datagram);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(to_text(parsed->cookie), "cookie");
  EXPECT_EQ(to_text(parsed->random), std::string(32, 'r'));
  EXPECT_TRUE(parse(hello(""))->cookie.empty());
}

TEST(DtlsPacket, RefusesEveryTruncation) {
  const std::string body = hello_body("cookie");
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(parse(record(message(body.substr(0, size), "\0\0\0"s)))) << size;
  }
  const std::string whole = hello("cookie");
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse(whole.substr(0, size))) << size;
}

TEST(DtlsPacket, RefusesMalformedClientHellos) {
  const std::string body = hello_body("");
  const std::string good = message(body, "\0\0\0"s);
  ASSERT_TRUE(parse(record(good)));
  EXPECT_FALSE(parse(record(good, 23))) << "no handshake";
  EXPECT_FALSE(parse(record(std::string(good).replace(0, 1, "\x02"))));
  EXPECT_FALSE(parse(record(message(body, "\0\0\x01"s)))) << "not its first fragment";
  EXPECT_FALSE(parse(record(std::string(good).replace(3, 1, "\x7F")))) << "only a fragment";
  EXPECT_FALSE(parse(record(std::string(good).replace(5, 1, "\x02")))) << "its third message";
  EXPECT_FALSE(parse(record(good + "x"))) << "bytes behind it";
  EXPECT_FALSE(parse(record(message(std::string(body).replace(0, 1, "\x03"), "\0\0\0"s)))) << "TLS";
  EXPECT_FALSE(parse(record(message(std::string(body).replace(39, 1, "\x01"), "\0\0\0"s)))) << "half a suite";
  std::string later = record(good);
  later[4] = 1;
  EXPECT_FALSE(parse(later)) << "protected";
}

TEST(DtlsPacket, AsksForACookie) {
  const std::string datagram = hello("");
  auto rest = std::as_bytes(std::span(datagram));
  std::array<std::byte, kCookie> cookie;
  cookie.fill(std::byte{'c'});
  const auto request = hello_verify_request(*take_record(rest), cookie);
  EXPECT_EQ(to_text(request),
            "\x16\xFE\xFF\0\0\0\0\0\0\0\x07\0\x2F\x03\0\0\x23\0\0\0\0\0\0\0\x23\xFE\xFF\x20"s + std::string(32, 'c'));
}

}  // namespace
}  // namespace sluice::test

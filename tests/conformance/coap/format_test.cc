// SPDX-License-Identifier: Apache-2.0
// RFC 7252, chapter 3 and 4.1: what a datagram looks like, and what becomes of one that does not.
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

class CoapFormat : public CoapTest {
 protected:
  static Bytes header(Kind kind, unsigned token_length, unsigned code, unsigned mid, unsigned version = 1) {
    return u8(version << 6 | static_cast<unsigned>(kind) << 4 | token_length) + u8(code) + u16(mid);
  }
  /// A GET with these bytes behind its header: a CON of that kind is reset, a NON makes no answer but a reset.
  void expect_format_error(std::string_view what, std::string_view rest, unsigned token_length = 0) {
    SCOPED_TRACE(what);
    Endpoint client = node();
    const unsigned con_id = client.fresh_mid();
    client.expect_reset(header(Kind::Con, token_length, kGet, con_id) + Bytes(rest), con_id);
    const unsigned non_id = client.fresh_mid();
    client.expect_ignored(header(Kind::Non, token_length, kGet, non_id) + Bytes(rest), non_id);
    client.expect_ignored(header(Kind::Ack, token_length, kGet, client.fresh_mid()) + Bytes(rest));
    client.expect_ignored(header(Kind::Rst, token_length, kGet, client.fresh_mid()) + Bytes(rest));
  }
};

TEST_F(CoapFormat, RFC7252_3_2_unknown_versions_are_ignored) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const unsigned version : {0U, 2U, 3U}) {
    for (const Message& message : {put(topic("a"), "never"), unconfirmed(put(topic("a"), "never"))}) {
      Bytes bytes = datagram(Message(message).identified(client.fresh_mid()));
      bytes[0] = static_cast<char>((static_cast<unsigned char>(bytes[0]) & 0x3FU) | version << 6);
      client.expect_ignored(bytes);
    }
    client.expect_ignored(header(Kind::Con, 0, kEmpty, client.fresh_mid(), version));
  }
  client.request(put(topic("a"), "version 1"), kChanged);
  subscriber.take(topic("a"), "version 1");
}

TEST_F(CoapFormat, RFC7252_3_4_RFC7252_4_2_2_RFC7252_4_3_3_reserved_token_lengths) {
  for (unsigned length = 9; length <= 15; ++length) {
    expect_format_error("TKL " + std::to_string(length), Bytes(length, 'T'), length);
  }
}

TEST_F(CoapFormat, RFC7252_4_2_2_RFC7252_4_3_3_token_that_is_cut_off) {
  for (unsigned length = 1; length <= 8; ++length) expect_format_error("token", Bytes(length - 1, 'T'), length);
}

TEST_F(CoapFormat, RFC7252_3_5_RFC7252_4_2_2_RFC7252_4_3_3_payload_marker_without_payload) {
  expect_format_error("marker alone", "\xFF");
  expect_format_error("marker behind an option", option_bytes(kUriPath, "mqtt") + "\xFF");
  expect_format_error("marker behind a token", "tok\xFF", 3);
}

TEST_F(CoapFormat, RFC7252_3_1_2_RFC7252_4_2_2_RFC7252_4_3_3_option_delta_15_is_no_option) {
  for (unsigned length = 0; length < 15; ++length) {
    expect_format_error("delta 15, length " + std::to_string(length), u8(15U << 4 | length) + Bytes(300, 'x'));
  }
}

TEST_F(CoapFormat, RFC7252_3_1_3_RFC7252_4_2_2_RFC7252_4_3_3_option_length_15_is_reserved) {
  for (unsigned delta = 0; delta < 15; ++delta) {
    expect_format_error("length 15, delta " + std::to_string(delta), u8(delta << 4 | 15U) + Bytes(300, 'x'));
  }
}

TEST_F(CoapFormat, RFC7252_4_2_2_RFC7252_4_3_3_options_that_are_cut_off) {
  expect_format_error("one byte of delta missing", u8(13U << 4));
  expect_format_error("two bytes of delta missing", u8(14U << 4));
  expect_format_error("the second byte of delta missing", u8(14U << 4) + "\x01");
  expect_format_error("a byte of length missing", u8(11U << 4 | 13U));
  expect_format_error("two bytes of length missing", u8(11U << 4 | 14U) + "\x01");
  expect_format_error("a value of which a byte is missing", u8(11U << 4 | 4U) + "mqt");
  expect_format_error("a value of 269 bytes that is not there", u8(11U << 4 | 14U) + Bytes(2, '\0') + "mqtt");
  expect_format_error("no value at all", u8(11U << 4 | 1U));
}

TEST_F(CoapFormat, RFC7252_3_2_1_RFC7252_3_2_2_integers_with_and_without_leading_zeros) {
  retain(topic("a"), "text");
  Endpoint client = node();
  const Message first = client.request(get(topic("a")).with(kObserve, Bytes(3, '\0')).tokened("zeros"), kContent);
  EXPECT_TRUE(first.has(kObserve)) << "three zero bytes are the integer 0";
  join().publish(topic("a"), "next", 1);
  client.take("zeros", "next");
  const Message links = con(kGet).path(".well-known/core");
  client.request(Message(links).with(kAccept, Bytes("\0\x28", 2)), kContent);
  // The strict reader refuses an integer with leading zeros; a first block of 16 bytes is the option value 8.
  const Message block = client.request(Message(links).with(kBlock2, Bytes(3, '\0')), kContent);
  EXPECT_LE(block.payload.size(), 16U);
}

TEST_F(CoapFormat, RFC7252_4_1_2_RFC7252_4_2_2_RFC7252_4_3_3_empty_messages_with_something_in_them) {
  Endpoint client = node();
  for (const Bytes& rest : {Bytes("x"), Bytes("\xFFpayload"), option_bytes(kUriPath, "mqtt")}) {
    const unsigned mid = client.fresh_mid();
    client.expect_reset(header(Kind::Con, 0, kEmpty, mid) + rest, mid);
    client.expect_ignored(header(Kind::Non, 0, kEmpty, mid) + rest, mid);
  }
  for (unsigned length = 1; length <= 8; ++length) {
    const unsigned mid = client.fresh_mid();
    client.expect_reset(header(Kind::Con, length, kEmpty, mid) + Bytes(length, 'T'), mid);
  }
}

TEST_F(CoapFormat, RFC7252_4_2_2_datagrams_shorter_than_a_header_have_no_id_to_answer) {
  Endpoint client = node();
  const Bytes ping = header(Kind::Con, 0, kEmpty, client.fresh_mid());
  for (std::size_t size = 0; size < ping.size(); ++size) client.expect_ignored(ping.substr(0, size));
}

// The reader of tests/support checks each message that comes; here comes one of every sort.
TEST_F(CoapFormat,
       RFC7252_3_1_RFC7252_3_3_RFC7252_4_1_1_RFC7252_4_3_1_RFC7252_12_2_1_RFC7252_12_3_1_what_the_server_sends) {
  retain(topic("a"), long_text(3000));
  Endpoint client = node();
  client.expect_silence();
  client.request(put(topic("b"), "x"), kChanged);
  EXPECT_EQ(client.request(unconfirmed(put(topic("b"), "x")), kChanged).kind, Kind::Non);
  client.request(get(topic("a")), kContent);
  EXPECT_EQ(client.request(get(topic("missing"))).klass(), 4U);
  client.request(get(topic("b")).with(9, "x"), kBadOption);
  client.request(con(kGet).path(".well-known/core"), kContent);
  client.request(observe(topic("b"), "watch"), kContent);
  join().publish(topic("b"), "news", 1);
  client.take("watch", "news");
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// RFC 8323: CoAP over TCP.
#include <algorithm>

#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

constexpr unsigned kMaxMessageSize = 2;  // of CSM
constexpr unsigned kBlockWise = 4;       // of CSM
constexpr unsigned kCustody = 2;         // of Ping and Pong
constexpr unsigned kBadCsmOption = 2;    // of Abort
constexpr unsigned kBaseMessageSize = 1152;
constexpr unsigned kBert = 7;

class CoapTcp : public CoapTest {
 protected:
  coap::Stream dial_without_csm() { return coap::Stream(broker().port("coap:tcp:1"), std::nullopt); }
  coap::Stream dial_with(const Message& csm) { return coap::Stream(broker().port("coap:tcp:1"), csm); }
  static Message large_csm(std::uint32_t size) { return con(kCsm).with(kMaxMessageSize, size).with(kBlockWise, ""); }
  /// The server aborts the connection when it gets these bytes behind the CSMs.
  void expect_abort_for(std::string_view what, std::string_view bytes) {
    SCOPED_TRACE(what);
    coap::Stream client = stream();
    client.send_raw(bytes);
    const Message abort = client.expect_abort();
    EXPECT_FALSE(abort.payload.empty()) << "SHOULD say why";
  }
};

TEST_F(CoapTcp, RFC8323_3_3_1_RFC8323_5_3_1_csm_comes_first) {
  coap::Stream client = stream();
  const Message csm = client.csm();
  EXPECT_EQ(csm.code, kCsm);
  for (const auto& [option, value] : csm.options) {
    EXPECT_EQ(option % 2, 0U) << "a client that knows only the RFC has to understand it";
    EXPECT_LE(value.size(), option == kBlockWise ? 0U : 4U);
  }
  client.request(put(topic("a"), "x"), kChanged);
}

TEST_F(CoapTcp, RFC8323_3_3_2_requests_behind_the_csm_need_not_wait_for_the_servers) {
  Client subscriber = watcher(topic("a"));
  coap::Stream client = dial_without_csm();
  client.send_raw(frame(con(kCsm)) + frame(put(topic("a"), "early").tokened("t")));
  EXPECT_EQ(client.expect(kChanged).token, "t");
  subscriber.take(topic("a"), "early");
}

TEST_F(CoapTcp, RFC8323_3_3_3_connection_that_starts_without_csm_is_aborted) {
  Client subscriber = watcher(topic("a"));
  for (const Message& first : {put(topic("a"), "never").tokened("t"), con(kPing), con(kContent)}) {
    SCOPED_TRACE(first.describe());
    coap::Stream client = dial_without_csm();
    client.send(first);
    client.expect_abort();
  }
  subscriber.expect_nothing_more();
}

TEST_F(CoapTcp, RFC8323_5_2_1_RFC8323_5_6_1_RFC8323_5_6_2_unknown_critical_option_of_csm_aborts) {
  for (const unsigned option : {1U, 3U, 5U, 2049U}) {
    SCOPED_TRACE(option);
    coap::Stream client = dial_with(con(kCsm).with(option, "x"));
    const Message abort = client.expect_abort();
    EXPECT_EQ(abort.number(kBadCsmOption).value_or(option), option) << abort.describe();
    EXPECT_FALSE(abort.payload.empty());
  }
}

TEST_F(CoapTcp, RFC8323_5_2_1_unknown_critical_option_of_other_signals_aborts) {
  for (const unsigned signal : {kCsm, kPing, kRelease}) {
    SCOPED_TRACE(code_name(signal));
    coap::Stream client = stream();
    client.send(con(signal).with(2049, "x"));
    client.expect_abort();
  }
}

TEST_F(CoapTcp, RFC8323_5_2_2_RFC8323_5_4_2_unknown_elective_options_of_signals_are_ignored) {
  coap::Stream client = dial_with(con(kCsm).with(6, "x").with(2050, Bytes(100, 'x')));
  client.ping(con(kPing).with(4, "x").with(2050, "y"));
  client.send(con(kCsm).with(6, "again"));
  client.request(put(topic("a"), "x"), kChanged);
}

TEST_F(CoapTcp, RFC8323_5_3_2_csm_may_come_again_at_any_time) {
  retain(topic("a"), long_text(900));
  coap::Stream client = stream();
  client.request(get(topic("a")), kContent);
  client.send(con(kCsm).with(kMaxMessageSize, 600U));
  EXPECT_LE(client.request(get(topic("a")).block2(0, 6), kContent).raw.size(), 600U);
  // One without options changes nothing.
  client.send(con(kCsm));
  EXPECT_LE(client.request(get(topic("a")).block2(0, 6), kContent).raw.size(), 600U);
  client.send(con(kCsm).with(kMaxMessageSize, kBaseMessageSize));
  EXPECT_EQ(client.request(get(topic("a")), kContent).payload, long_text(900));
}

TEST_F(CoapTcp, RFC8323_3_2_1_frames_of_every_length) {
  Client subscriber = watcher(topic("a"));
  coap::Stream client = stream();
  const std::uint32_t limit = client.csm().number(kMaxMessageSize).value_or(kBaseMessageSize);
  // Lengths around 13, 269 and 65805, where the form of the length changes.
  for (const std::size_t size :
       {0UL, 1UL, 150UL, 200UL, 210UL, 220UL, 230UL, 240UL, 250UL, 260UL, 900UL, 65'700UL, 65'900UL}) {
    const Message request = put(topic("a"), Bytes(size, 'x')).tokened("token");
    if (frame(request).size() > limit) continue;
    client.request(request, kChanged);
    subscriber.take(topic("a"), Bytes(size, 'x'));
  }
}

TEST_F(CoapTcp, RFC8323_3_2_1_bytes_come_in_any_pieces) {
  Client subscriber = watcher(topic("a"));
  coap::Stream client = dial_without_csm();
  const Bytes bytes = frame(con(kCsm)) + frame(con(kPing).tokened("p")) + frame(put(topic("a"), "pieces").tokened("t"));
  for (const char byte : bytes) client.send_raw(Bytes(1, byte));
  EXPECT_EQ(client.expect(kPong).token, "p");
  EXPECT_EQ(client.expect(kChanged).token, "t");
  subscriber.take(topic("a"), "pieces");
}

TEST_F(CoapTcp, RFC8323_3_3_4_RFC8323_3_3_5_responses_come_on_the_connection_of_the_request) {
  coap::Stream one = stream();
  coap::Stream other = stream();
  // Equal tokens on two connections, and many requests at a time on one.
  const Message mine = one.send(get(topic("missing")).tokened("same"));
  other.send(put(topic("a"), "x").tokened("same"));
  EXPECT_EQ(one.next().code, kNotFound);
  EXPECT_EQ(other.next().code, kChanged);
  std::vector<Bytes> open;
  for (int i = 0; i < 100; ++i) open.push_back(*one.send(put(topic("a"), std::to_string(i))).token);
  while (!open.empty()) {
    const Message response = one.expect(kChanged);
    const auto found = std::ranges::find(open, *response.token);
    ASSERT_NE(found, open.end()) << response.describe();
    open.erase(found);
  }
  (void)mine;
}

TEST_F(CoapTcp, RFC8323_3_3_5_tokens_of_every_length_come_back) {
  coap::Stream client = stream();
  for (std::size_t length = 0; length <= 8; ++length) {
    client.request(put(topic("a"), "x").tokened(Bytes(length, static_cast<char>(length))), kChanged);
  }
}

TEST_F(CoapTcp, RFC8323_3_4_1_RFC8323_5_4_3_empty_messages_are_ignored) {
  coap::Stream client = stream();
  for (int i = 0; i < 3; ++i) client.send_raw(frame(con(kEmpty)));
  client.request(put(topic("a"), "x"), kChanged);
  client.send_raw(frame(con(kEmpty)));
  client.ping();
}

TEST_F(CoapTcp, RFC8323_5_4_1_RFC8323_5_4_4_ping_gets_a_pong_with_its_token) {
  coap::Stream client = stream();
  for (std::size_t length = 0; length <= 8; ++length) {
    EXPECT_EQ(client.ping(con(kPing).tokened(Bytes(length, 'p'))).payload, "");
  }
}

TEST_F(CoapTcp, RFC8323_5_4_1_1_pong_with_custody_comes_behind_the_responses) {
  coap::Stream client = stream();
  std::vector<Bytes> open;
  for (int i = 0; i < 20; ++i) open.push_back(*client.send(put(topic("a"), "x").query("qos=1")).token);
  client.send(con(kPing).tokened("ping").with(kCustody, ""));
  for (Message message = client.next();; message = client.next()) {
    if (message.code == kPong) {
      EXPECT_EQ(message.token, "ping");
      // Without Custody in the Pong nothing is promised.
      EXPECT_TRUE(open.empty() || !message.has(kCustody));
      break;
    }
    std::erase(open, *message.token);
  }
}

TEST_F(CoapTcp, RFC8323_5_5_1_release_is_followed_by_what_is_owed_and_the_end) {
  Client subscriber = watcher(topic("a"));
  coap::Stream client = stream();
  client.csm();
  std::vector<Bytes> open;
  for (int i = 0; i < 5; ++i) open.push_back(*client.send(put(topic("a"), "x").query("qos=1")).token);
  client.send(con(kRelease));
  for (std::size_t i = 0; i < 5; ++i) {
    const Message response = client.expect(kChanged);
    EXPECT_EQ(std::erase(open, *response.token), 1U);
    subscriber.take(topic("a"), "x");
  }
  client.expect_closed();
}

TEST_F(CoapTcp, RFC8323_5_6_3_abort_ends_the_connection) {
  coap::Stream client = stream();
  client.request(put(topic("a"), "x"), kChanged);
  client.send(con(kAbort).body("enough"));
  client.expect_closed();
}

TEST_F(CoapTcp, RFC8323_5_6_4_RFC8323_5_6_1_messages_that_are_malformed_abort) {
  // Behind the byte of lengths: code, token, options.
  expect_abort_for("TKL 9", "\x09\x01" + Bytes(9, 'T'));
  expect_abort_for("TKL 15", "\x0F\x01" + Bytes(15, 'T'));
  expect_abort_for("marker without payload", Bytes("\x10\x01\xFF", 3));
  expect_abort_for("delta 15", Bytes("\x20\x01\xF1x", 4));
  expect_abort_for("length 15", Bytes("\x20\x01\x1Fx", 4));
  expect_abort_for("option that is cut off", Bytes("\x20\x01\xB4m", 4));
  expect_abort_for("extended delta that is cut off", Bytes("\x10\x01\xD0", 3));
}

TEST_F(CoapTcp, RFC8323_5_3_1_1_message_larger_than_the_server_takes_aborts) {
  coap::Stream client = stream();
  const std::uint32_t limit = client.csm().number(kMaxMessageSize).value_or(kBaseMessageSize);
  Client subscriber = watcher(topic("a"));
  // The header alone tells: nobody has to wait for, or keep, what it announces.
  client.send_raw(u8(15U << 4) + u32(0xFFFFFFFF) + u8(kPut));
  EXPECT_FALSE(client.expect_abort().payload.empty());
  coap::Stream other = stream();
  const Message request = put(topic("a"), Bytes(limit, 'x'));
  other.send(request);
  other.expect_abort();
  subscriber.expect_nothing_more();
}

TEST_F(CoapTcp, RFC8323_5_3_1_2_server_sends_nothing_larger_than_the_client_takes) {
  retain(topic("a"), long_text(20'000));
  for (const std::uint32_t size : {64U, 100U, 200U, 500U, kBaseMessageSize, 3000U, 10'000U, 100'000U}) {
    SCOPED_TRACE(size);
    coap::Stream client = dial_with(large_csm(size));
    const Message response = client.request(get(topic("a")));
    EXPECT_LE(response.raw.size(), std::max(size, 64U)) << response.describe();
  }
  coap::Stream base = stream();
  EXPECT_LE(base.request(get(topic("a"))).raw.size(), kBaseMessageSize);
}

TEST_F(CoapTcp, RFC8323_6_1_no_bert_for_a_client_that_does_not_take_it) {
  const std::string body = long_text(9000);
  retain(topic("a"), body);
  // Neither option; only one of them; both, but no message larger than the base value.
  for (const Message& csm : {con(kCsm), con(kCsm).with(kBlockWise, ""), con(kCsm).with(kMaxMessageSize, 8000U),
                             large_csm(kBaseMessageSize)}) {
    coap::Stream client = dial_with(csm);
    const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
    const Message first = ask(get(topic("a")).block2(0, 6));
    const Download result = download(get(topic("a")), first, ask);
    EXPECT_EQ(result.body, body);
    for (const Message& response : result.responses) {
      ASSERT_TRUE(response.has(kBlock2));
      EXPECT_LT(response.block(kBlock2)->szx, kBert) << response.describe();
    }
  }
}

TEST_F(CoapTcp, RFC8323_6_2_RFC8323_6_3_bert_for_a_client_that_takes_it) {
  const std::string body = long_text(9000);
  retain(topic("a"), body);
  coap::Stream client = dial_with(large_csm(4096));
  Message first = client.request(get(topic("a")).block2(0, kBert), kContent);
  // The server may answer with plain blocks. The reader refuses a BERT block that is no multiple of 1024.
  std::string got = first.payload;
  for (auto block = first.block(kBlock2); block && block->more;) {
    const auto number = static_cast<std::uint32_t>(got.size() / std::min<std::size_t>(block->size(), 1024));
    const Message next = client.request(get(topic("a")).block2(number, block->szx), kContent);
    ASSERT_TRUE(next.has(kBlock2));
    block = next.block(kBlock2);
    EXPECT_EQ(block->number, number);
    got += next.payload;
  }
  EXPECT_EQ(got, body);
}

TEST_F(CoapTcp, RFC8323_6_2_body_in_bert_blocks) {
  Client subscriber = watcher(topic("a"));
  coap::Stream client = dial_with(large_csm(10'000));
  const Message csm = client.csm();
  const std::uint32_t limit = csm.number(kMaxMessageSize).value_or(kBaseMessageSize);
  if (!csm.has(kBlockWise) || limit < 4096) GTEST_SKIP() << "the server does not take BERT";
  const std::string body = long_text(5000);
  const Message first = put(topic("a"), body.substr(0, 2048)).block1(0, true, kBert);
  client.request(first, kContinue);
  client.request(put(topic("a"), body.substr(2048, 1024)).block1(2, true, kBert), kContinue);
  client.request(put(topic("a"), body.substr(3072)).block1(3, false, kBert), kChanged);
  subscriber.take(topic("a"), body);
}

TEST_F(CoapTcp, RFC8323_7_1_1_RFC8323_7_2_1_notifications_in_their_order) {
  coap::Stream client = stream();
  EXPECT_TRUE(client.request(observe(topic("a"), "watch"), kContent).has(kObserve));
  Client publisher = join();
  for (int i = 1; i <= 100; ++i) publisher.publish(topic("a"), std::to_string(i), 1);
  // States in between may be left out [RFC 7641, 4.5], the last one not.
  for (int last = 0; last != 100;) {
    const Message message = client.expect(kContent);
    EXPECT_EQ(message.token, "watch");
    EXPECT_TRUE(message.has(kObserve));
    EXPECT_GT(std::stoi(message.payload), last);
    last = std::stoi(message.payload);
  }
}

TEST_F(CoapTcp, RFC8323_7_4_1_deregistration) {
  retain(topic("a"), "now");
  coap::Stream client = stream();
  client.request(observe(topic("a"), "watch"), kContent);
  const Message response = client.request(forget(topic("a"), "watch"), kContent);
  EXPECT_FALSE(response.has(kObserve));
  EXPECT_EQ(response.payload, "now");
  join().publish(topic("a"), "news", 1);
  client.ping();
}

TEST_F(CoapTcp, RFC8323_7_4_2_RFC8323_3_4_2_observations_end_with_the_connection) {
  {
    coap::Stream client = stream();
    client.request(observe(topic("a"), "watch"), kContent);
    client.send(con(kRelease));
    client.expect_closed();
  }
  join().publish(topic("a"), "news", 1);
  coap::Stream again = stream();
  // The same client on a new connection: nothing of the old one comes before the response, nor behind it.
  again.request(get(topic("b")));
  join().publish(topic("a"), "more", 1);
  again.ping();
}

TEST_F(CoapTcp, RFC8323_8_5_1_uri_host_and_port_have_defaults) {
  coap::Stream client = stream();
  client.request(put(topic("a"), "x"), kChanged);
  client.request(put(topic("a"), "x").with(kUriHost, "127.0.0.1").with(kUriPort, broker().port("coap:tcp:1")),
                 kChanged);
}

TEST_F(CoapTcp, RFC8323_3_2_2_errors_and_options_as_on_udp) {
  coap::Stream client = stream();
  client.request(get(topic("a")).with(9, "x"), kBadOption);
  client.request(request(31, topic("a")), kMethodNotAllowed);
  client.request(get(topic("a")).with(kProxyUri, "coap://192.0.2.1/"), kNoProxying);
  client.request(put(topic("a"), "x").with(kBlock1, Bytes(4, '\0')), kBadOption);
}

}  // namespace
}  // namespace sluice::test

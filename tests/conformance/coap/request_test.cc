// SPDX-License-Identifier: Apache-2.0
// RFC 7252, 5.1 to 5.3 and 5.8: requests and their responses, tokens, methods.
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

class CoapRequest : public CoapTest {
 protected:
  /// A request for /ps/{name} of a client.
  [[nodiscard]] Message ps(unsigned method, std::string_view name) const {
    return con(method).path("ps").path(name).query("c=" + id("node"));
  }
  /// Publication of plain bytes, for which /ps knows a format.
  [[nodiscard]] Message ps_publish(unsigned method, std::string_view name, std::string_view payload) const {
    return ps(method, name).with(kContentFormat, 42U).body(payload);
  }
  static std::string location(const Message& response) {
    std::string path;
    for (const Bytes& segment : response.all(kLocationPath)) path += "/" + segment;
    return path;
  }
};

TEST_F(CoapRequest, RFC7252_5_3_1_1_RFC7252_5_3_2_1_RFC7252_5_3_2_2_tokens_of_every_length_come_back) {
  Endpoint client = node();
  const Bytes token("\0\xFF\x80\x01\0\0\x7F\xFE", 8);
  for (std::size_t length = 0; length <= token.size(); ++length) {
    const Bytes part = token.substr(0, length);
    const Message sent = client.send(put(topic("a"), "x").tokened(part));
    const Message response = client.next();
    EXPECT_EQ(response.kind, Kind::Ack);
    EXPECT_EQ(response.mid, sent.mid);
    EXPECT_EQ(hex(*response.token), hex(part));
    EXPECT_EQ(response.code, kChanged);
    EXPECT_EQ(hex(*client.request(unconfirmed(get(topic("missing"))).tokened(part)).token), hex(part));
    EXPECT_EQ(hex(*client.request(get(topic("a")).with(9, "x").tokened(part), kBadOption).token), hex(part));
  }
}

TEST_F(CoapRequest, RFC7252_5_3_1_5_tokens_mean_nothing_to_the_server) {
  retain(topic("a"), "of a");
  retain(topic("b"), "of b");
  Endpoint one = node();
  Endpoint other = node();
  // Equal tokens: one after the other, of two endpoints, and of two requests at a time.
  for (Endpoint* client : {&one, &other}) {
    EXPECT_EQ(client->request(get(topic("a")).tokened("same"), kContent).payload, "of a");
    EXPECT_EQ(client->request(get(topic("b")).tokened("same"), kContent).payload, "of b");
  }
  const Message first = one.send(get(topic("a")).tokened("same"));
  const Message second = one.send(get(topic("b")).tokened("same"));
  for (const auto& [request, payload] : {std::pair(first, "of a"), std::pair(second, "of b")}) {
    const Message response = one.next([&](const Message& m) { return m.mid == request.mid; }, "an acknowledgement");
    EXPECT_EQ(response.payload, payload);
  }
}

TEST_F(CoapRequest, RFC7252_5_1_1_get_changes_nothing) {
  retain(topic("a"), "kept");
  Client subscriber = watcher(topic("a"));
  subscriber.take(topic("a"), "kept");
  Endpoint client = node();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.request(get(topic("a")), kContent).payload, "kept");
  client.request(get(topic("a")).query("retain=1").query("qos=1").body("not a publication"));
  subscriber.expect_nothing_more();
  EXPECT_EQ(client.request(get(topic("a")), kContent).payload, "kept");
}

TEST_F(CoapRequest, RFC7252_5_1_2_RFC7252_5_8_3_1_put_again_leaves_the_same_state) {
  Endpoint client = node();
  std::vector<Message> read;
  for (int i = 0; i < 2; ++i) {
    client.request(keep(topic("a"), "state"), kChanged);
    read.push_back(client.request(get(topic("a")), kContent));
  }
  EXPECT_EQ(read[0].payload, "state");
  EXPECT_EQ(read[1].payload, "state");
}

TEST_F(CoapRequest, RFC7252_5_5_1_payload_of_a_get_is_ignored) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  EXPECT_EQ(client.request(get(topic("a")).body("nobody reads this"), kContent).payload, "kept");
  EXPECT_EQ(client.request(con(kGet).path(".well-known/core").body("x"), kContent).code, kContent);
}

TEST_F(CoapRequest, RFC7252_5_8_1_RFC7252_5_9_2_1_unknown_methods_get_4_05_piggybacked) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (unsigned method = 8; method <= 31; ++method) {
    SCOPED_TRACE(code_name(method));
    const Message answer = client.exchange(request(method, topic("a")).body("x").tokened("t"));
    EXPECT_EQ(answer.kind, Kind::Ack);
    EXPECT_EQ(answer.code, kMethodNotAllowed);
    EXPECT_EQ(answer.token, "t");
    EXPECT_EQ(client.request(unconfirmed(request(method, topic("a")))).code, kMethodNotAllowed);
  }
  subscriber.expect_nothing_more();
}

TEST_F(CoapRequest, RFC7252_5_8_1_methods_that_a_resource_does_not_support_get_4_05) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const unsigned method : {kPost, kDelete}) client.request(request(method, topic("a")), kMethodNotAllowed);
  for (const unsigned method : {kPost, kPut, kDelete}) {
    client.request(con(method).path(".well-known/core"), kMethodNotAllowed);
  }
  subscriber.expect_nothing_more();
}

TEST_F(CoapRequest, RFC7252_5_8_1_1_get_of_a_kept_message) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  EXPECT_EQ(client.request(get(topic("a")), kContent).payload, "kept");
  EXPECT_EQ(client.request(get(topic("nothing here")), kNotFound).klass(), 4U);
}

TEST_F(CoapRequest, RFC7252_5_8_2_1_post_that_creates_says_where) {
  Endpoint client = node();
  const std::string name = id("made");
  const Message create = con(kPost).path("ps/").query("c=" + id("node")).with(kContentFormat, 40U);
  EXPECT_EQ(location(client.request(Message(create).body("<" + name + ">;ct=42"), kCreated)), "/ps/" + name);
  const Message response = client.request(ps_publish(kPost, id("published"), "x"), kCreated);
  EXPECT_EQ(location(response), "/ps/" + id("published"));
}

TEST_F(CoapRequest, RFC7252_5_8_2_2_RFC7252_5_8_3_1_post_and_put_that_change) {
  Endpoint client = node();
  const std::string name = id("made");
  client.request(ps_publish(kPut, name, "0"), kCreated);
  client.request(ps_publish(kPost, name, "1"), kChanged);
  EXPECT_EQ(client.request(ps(kGet, name), kContent).payload, "1");
  client.request(ps_publish(kPut, name, "2"), kChanged);
  EXPECT_EQ(client.request(ps(kGet, name), kContent).payload, "2");
}

TEST_F(CoapRequest, RFC7252_5_8_3_2_put_that_cannot_be_done_is_an_error) {
  Endpoint client = node();
  client.request(con(kPut).path("mqtt").query("c=" + id("node")).body("x"), kBadRequest);
  client.request(con(kPut).path("mqtt").path(topic("a")).body("x"), kBadRequest);
  for (const char* wildcard : {"a/#", "a/+/b", "#"}) {
    EXPECT_EQ(client.request(request(kPut, wildcard).body("x")).klass(), 4U) << wildcard;
  }
  EXPECT_EQ(client.request(con(kPut).path("nowhere").body("x")).klass(), 4U);
}

TEST_F(CoapRequest, RFC7252_5_8_4_1_RFC7252_5_1_2_delete_and_delete_again) {
  Endpoint client = node();
  const std::string name = id("made");
  client.request(ps_publish(kPut, name, "x"), kCreated);
  client.request(ps(kDelete, name), kDeleted);
  client.request(ps(kGet, name), kNotFound);
  // A second one may say that there was nothing: either way there is nothing.
  const Message again = client.request(ps(kDelete, name));
  EXPECT_TRUE(again.code == kDeleted || again.code == kNotFound) << again.describe();
  client.request(ps(kGet, name), kNotFound);
}

TEST_F(CoapRequest, RFC7252_5_2_2_1_response_comes_once) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const Message request = client.send(put(topic("a"), "x").query("qos=1"));
  const Message first = client.next();
  if (first.code == kEmpty) {
    // Separate: then no acknowledgement carries the response, however often the request comes.
    client.send_raw(datagram(request));
    const Message again = client.next([](const Message& m) { return m.kind == Kind::Ack; }, "an acknowledgement");
    EXPECT_EQ(again.raw, first.raw);
    const Message response = client.next([](const Message& m) { return m.kind != Kind::Ack; }, "the response");
    EXPECT_NE(response.mid, request.mid);
    client.acknowledge(response);
  }
  client.expect_silence_before(get(topic("b")));
  subscriber.take(topic("a"), "x");
}

}  // namespace
}  // namespace sluice::test

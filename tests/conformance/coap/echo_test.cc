// SPDX-License-Identifier: Apache-2.0
// RFC 9175, 2, and RFC 7252, 11.3: Echo, against requests that come late and addresses that are not the sender's.
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

/// What a response may be beside its request when the address is not known to be the sender's [RFC 9175, 2.4].
constexpr std::size_t kAmplification = 3;

class CoapEcho : public CoapTest {
 protected:
  void SetUp() override {}
  void start_with(std::string_view mode) { start({"coap.echo=" + std::string(mode)}); }
  /// Sends; a 4.01 with an Echo value, which it returns.
  static Bytes challenge_of(Endpoint& client, const Message& request) {
    const Message response = client.request(request, kUnauthorized);
    EXPECT_TRUE(response.has(kEcho)) << response.describe();
    return response.get(kEcho).value_or("");
  }
};

TEST_F(CoapEcho, RFC9175_2_4_1_RFC9175_2_6_1_RFC7252_11_3_1_large_answer_only_to_a_reachable_address) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  Endpoint client = node();
  const Message request = get(topic("a"));
  const Bytes echo = challenge_of(client, request);
  EXPECT_GE(echo.size(), 1U);
  EXPECT_LE(echo.size(), 40U);
  EXPECT_EQ(client.request(Message(request).with(kEcho, echo), kContent).payload, long_text(900));
  // Once for an endpoint is enough.
  EXPECT_EQ(client.request(request, kContent).payload, long_text(900));
}

TEST_F(CoapEcho, RFC9175_2_4_1_RFC7252_11_3_1_no_answer_to_a_stranger_is_three_times_the_request) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  const std::vector<Message> requests = {con(kGet),
                                         con(kGet).path("x"),
                                         con(kGet).with(9, "x"),
                                         con(31).path("mqtt"),
                                         con(kGet).with(kProxyUri, "x"),
                                         con(kPut).path("mqtt"),
                                         con(kGet).path(".well-known/core"),
                                         get(topic("missing")),
                                         get(topic("a")),
                                         get(topic("a")).block2(0, 6),
                                         con(kPut).path("mqtt").path("t").query("c=x").body("x")};
  for (const Message& request : requests) {
    for (const Message& form : {request, unconfirmed(request)}) {
      for (const char* token : {"", "12345678"}) {
        Endpoint stranger = node();
        const Message sent = stranger.send(Message(form).tokened(token));
        std::size_t size = 0;
        while (const auto answer = stranger.next_before_ping()) size += answer->raw.size();
        EXPECT_LE(size, kAmplification * datagram(sent).size()) << sent.describe();
      }
    }
  }
}

TEST_F(CoapEcho, RFC9175_2_3_4_RFC9175_A_3_value_holds_for_the_address_that_it_was_sent_to) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  Endpoint client = node();
  const Bytes echo = challenge_of(client, get(topic("a")));
  Endpoint thief = node("127.0.0.2");
  const Bytes new_echo = challenge_of(thief, get(topic("a")).with(kEcho, echo));
  EXPECT_NE(hex(new_echo), hex(echo));
}

TEST_F(CoapEcho, RFC9175_2_2_1_2_RFC9175_2_3_3_values_that_the_server_did_not_make) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  Endpoint client = node();
  const Bytes echo = challenge_of(client, get(topic("a")));
  Bytes changed = echo;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  for (const Bytes& wrong : {Bytes("x"), Bytes(8, '\0'), Bytes(40, '\xFF'), changed, echo + "x"}) {
    if (wrong.size() > 40) continue;
    Endpoint stranger = node();
    challenge_of(stranger, get(topic("a")).with(kEcho, wrong));
  }
}

TEST_F(CoapEcho, RFC9175_2_4_2_challenge_is_piggybacked_or_unconfirmed) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  Endpoint client = node();
  const Message piggybacked = client.exchange(get(topic("a")));
  EXPECT_EQ(piggybacked.code, kUnauthorized);
  EXPECT_TRUE(piggybacked.has(kEcho));
  Endpoint other = node();
  const Message separate = other.request(unconfirmed(get(topic("a"))), kUnauthorized);
  EXPECT_EQ(separate.kind, Kind::Non);
  EXPECT_TRUE(separate.has(kEcho));
}

TEST_F(CoapEcho, RFC9175_2_3_1_request_without_a_fresh_value_is_not_done) {
  start_with("always");
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const Bytes echo = challenge_of(client, put(topic("a"), "never"));
  challenge_of(client, put(topic("a"), "never").with(kEcho, "not from the server"));
  client.request(put(topic("a"), "fresh").with(kEcho, echo), kChanged);
  subscriber.take(topic("a"), "fresh");
}

TEST_F(CoapEcho, RFC9175_2_3_2_value_that_nobody_needs_is_ignored) {
  start_with("off");
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  client.request(put(topic("a"), "done").with(kEcho, "not from the server"), kChanged);
  subscriber.take(topic("a"), "done");
}

TEST_F(CoapEcho, RFC9175_5_1_RFC9175_5_2_values_cannot_be_guessed) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  // 64 bits that nobody knows; a value may be the same for a while, but not for another address.
  std::vector<Bytes> values;
  for (const char* local : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
    Endpoint client = node(local);
    values.push_back(challenge_of(client, get(topic("a"))));
    EXPECT_GE(values.back().size(), 8U);
  }
  EXPECT_NE(hex(values[0]), hex(values[1]));
  EXPECT_NE(hex(values[1]), hex(values[2]));
}

TEST_F(CoapEcho, RFC9175_A_1_RFC9175_A_2_RFC9175_2_2_1_2_values_of_an_earlier_start_are_not_fresh) {
  start_with("large");
  if (IsSkipped()) return;
  retain(topic("a"), long_text(900));
  std::uint16_t port = 0;
  Bytes echo;
  {
    Endpoint client = node();
    port = client.local_port();
    echo = challenge_of(client, get(topic("a")));
  }
  start_with("large");
  retain(topic("a"), long_text(900));
  Endpoint client(broker().port("coap:udp:1"), "127.0.0.1", port);
  challenge_of(client, get(topic("a")).with(kEcho, echo));
}

}  // namespace
}  // namespace sluice::test

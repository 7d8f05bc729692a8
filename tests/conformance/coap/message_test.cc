// SPDX-License-Identifier: Apache-2.0
// RFC 7252, 4.2 to 4.8: confirmable and non-confirmable messages, duplicates, retransmission.
#include <array>
#include <set>

#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;
using namespace std::chrono_literals;

/// Codes of the reserved classes 1, 6 and 7 [RFC 7252, 4.2].
constexpr std::array kReservedCodes = {code(1, 0), code(1, 31), code(6, 0), code(6, 5), code(7, 1), code(7, 31)};

class CoapMessage : public CoapTest {
 protected:
  /// A broker that confirms notifications and does not wait for long. What a test measures has this much room for a
  /// machine that is busy.
  static constexpr auto kTimeout = 200ms;
  static constexpr auto kSlack = 1s;
  void start_with_short_timeouts() {
    start({"coap.notify_type=con", "coap.ack_timeout=200ms", "coap.ack_random_factor=1.5", "coap.max_retransmit=3"});
  }
  /// It acknowledges a notification: from then on there is no doubt that it is where it says. Others get a ping in
  /// place of a repetition that would be more than three times what they sent [RFC 7252 11.3].
  void prove(Endpoint& client) {
    client.request(observe(topic("proof"), "proof"), kContent);
    join().publish(topic("proof"), "sign", 1);
    client.acknowledge(client.notification("proof", "sign"));
  }
  /// An observer's first confirmable notification, which nobody has acknowledged.
  Message first_notification(Endpoint& client) {
    client.request(observe(topic("a"), "watch"), kContent);
    join().publish(topic("a"), "news", 1);
    Message message = client.notification("watch", "news");
    EXPECT_EQ(message.kind, Kind::Con);
    return message;
  }
  /// Nothing comes for longer than the next two retransmissions would take.
  void expect_no_retransmission(Endpoint& client) {
    let_keep_alive_pass();
    client.expect_silence();
  }
};

TEST_F(CoapMessage, RFC7252_4_2_1_RFC7252_4_2_2_RFC7252_4_2_4_ping_is_reset) {
  Endpoint client = node();
  for (const unsigned mid : {0U, 1U, 0x8000U, 0xFFFFU}) {
    EXPECT_EQ(client.exchange(con(kEmpty).identified(mid)).raw, datagram(rst(mid)));
  }
}

TEST_F(CoapMessage, RFC7252_4_2_2_RFC7252_4_2_4_RFC7252_4_3_3_reserved_classes_are_rejected) {
  Endpoint client = node();
  for (const unsigned reserved : kReservedCodes) {
    SCOPED_TRACE(code_name(reserved));
    Message message = con(reserved).tokened("t").path("mqtt").identified(client.fresh_mid());
    client.expect_reset(datagram(message), *message.mid);
    message.kind = Kind::Non;
    message.mid = client.fresh_mid();
    client.expect_ignored(datagram(message), message.mid);
  }
}

TEST_F(CoapMessage, RFC7252_4_2_2_RFC7252_4_3_3_response_that_nobody_asked_for_is_rejected) {
  Endpoint client = node();
  Message message = con(kContent).tokened("unknown").body("x").identified(client.fresh_mid());
  client.expect_reset(datagram(message), *message.mid);
  message.kind = Kind::Non;
  message.mid = client.fresh_mid();
  client.expect_ignored(datagram(message), message.mid);
}

TEST_F(CoapMessage, RFC7252_4_2_5_RFC7252_4_2_6_acknowledgements_and_resets_are_never_answered) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const Kind kind : {Kind::Ack, Kind::Rst}) {
    Message request = put(topic("a"), "never").tokened("t").identified(client.fresh_mid());
    request.kind = kind;
    client.expect_ignored(datagram(request));
    Message empty = ack(client.fresh_mid());
    empty.kind = kind;
    client.expect_ignored(datagram(empty));
    Message response = con(kContent).tokened("t").body("x").identified(client.fresh_mid());
    response.kind = kind;
    client.expect_ignored(datagram(response));
    for (const unsigned reserved : kReservedCodes) {
      Message message = con(reserved).identified(client.fresh_mid());
      message.kind = kind;
      client.expect_ignored(datagram(message));
    }
  }
  client.request(put(topic("a"), "a request"), kChanged);
  subscriber.take(topic("a"), "a request");
}

TEST_F(CoapMessage, RFC7252_4_2_1_RFC7252_4_2_3_RFC7252_4_4_1_request_is_acknowledged_with_its_message_id) {
  Endpoint client = node();
  for (const unsigned mid : {0U, 0x1234U, 0xFFFFU}) {
    const Message answer = client.exchange(put(topic("a"), "x").identified(mid));
    EXPECT_EQ(answer.kind, Kind::Ack);
    EXPECT_EQ(answer.mid, mid);
    if (answer.code == kEmpty) client.acknowledge(client.next());
  }
}

TEST_F(CoapMessage, RFC7252_4_3_2_RFC7252_5_2_3_1_unconfirmed_request_gets_an_unconfirmed_response) {
  Endpoint client = node();
  for (const Message& request : {put(topic("a"), "x"), get(topic("missing")), con(kGet).path(".well-known/core")}) {
    const Message sent = client.send(unconfirmed(request));
    const Message response = client.next();
    EXPECT_EQ(response.kind, Kind::Non) << response.describe();
    EXPECT_EQ(response.token, sent.token);
    client.expect_silence();
  }
}

TEST_F(CoapMessage,
       RFC7252_4_5_1_RFC7252_4_2_9_RFC7252_5_2_2_2_duplicate_gets_the_same_acknowledgement_and_is_done_once) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const Message request = client.send(put(topic("a"), "once"));
  const Message first = client.next();
  const Message response = first.code == kEmpty ? client.next() : first;
  if (first.code == kEmpty) client.acknowledge(response);
  EXPECT_EQ(response.code, kChanged);
  for (int i = 0; i < 3; ++i) {
    client.send_raw(datagram(request));
    EXPECT_EQ(client.next().raw, first.raw);
  }
  client.request(put(topic("a"), "twice"), kChanged);
  subscriber.take(topic("a"), "once");
  subscriber.take(topic("a"), "twice");
}

TEST_F(CoapMessage, RFC7252_4_5_1_what_makes_a_duplicate_is_the_message_id) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const unsigned mid = client.fresh_mid();
  const Message first = client.exchange(put(topic("a"), "first").identified(mid).tokened("1"));
  const Message second = client.exchange(put(topic("a"), "second").identified(mid).tokened("2"));
  EXPECT_EQ(second.raw, first.raw);
  client.request(put(topic("a"), "third"), kChanged);
  subscriber.take(topic("a"), "first");
  subscriber.take(topic("a"), "third");
}

TEST_F(CoapMessage, RFC7252_4_5_1_same_message_id_of_another_endpoint_is_no_duplicate) {
  Client subscriber = watcher(topic("a"));
  Endpoint one = node();
  Endpoint other_port = node();
  Endpoint other_address = node("127.0.0.2");
  for (Endpoint* client : {&one, &other_port, &other_address}) {
    client->request(put(topic("a"), "message").identified(7).tokened("t"), kChanged);
    subscriber.take(topic("a"), "message");
  }
}

TEST_F(CoapMessage, RFC7252_4_5_1_duplicate_of_an_error_or_reset_gets_it_again) {
  Endpoint client = node();
  const Message refused = client.send(get(topic("a")).with(9, "critical"));
  const Message error = client.next();
  EXPECT_EQ(error.code, kBadOption);
  client.send_raw(datagram(refused));
  EXPECT_EQ(client.next().raw, error.raw);
  const unsigned mid = client.fresh_mid();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.exchange(con(kEmpty).identified(mid)).kind, Kind::Rst);
}

TEST_F(CoapMessage, RFC7252_4_5_2_unconfirmed_duplicate_is_ignored) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const Message request = client.send(unconfirmed(put(topic("a"), "once")));
  EXPECT_EQ(client.next().code, kChanged);
  client.send_raw(datagram(request));
  client.send_raw(datagram(request));
  EXPECT_EQ(client.expect_silence_before(put(topic("a"), "twice")).code, kChanged);
  subscriber.take(topic("a"), "once");
  subscriber.take(topic("a"), "twice");
}

TEST_F(CoapMessage, RFC7252_4_2_7_RFC7252_4_2_8_retransmission_backs_off_and_ends) {
  start_with_short_timeouts();
  if (IsSkipped()) return;
  Endpoint client = node();
  prove(client);
  std::vector<Message> sent = {first_notification(client)};
  while (sent.size() < 4) sent.push_back(client.notification("watch", "news"));
  std::vector<std::chrono::nanoseconds> gaps;
  for (std::size_t i = 1; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].kind, Kind::Con);
    EXPECT_EQ(sent[i].mid, sent[0].mid);
    gaps.push_back(sent[i].at - sent[i - 1].at);
  }
  // The first timeout is between ACK_TIMEOUT and 1.5 of it and doubles; a timer may be late, never early.
  const auto tick = 20ms;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    EXPECT_GE(gaps[i] + tick, kTimeout * (1 << i)) << "gap " << i;
    EXPECT_LE(gaps[i], kTimeout * (1 << i) * 3 / 2 + kSlack) << "gap " << i;
  }
  EXPECT_LE(sent.back().at - sent.front().at, kTimeout * 7 * 3 / 2 + kSlack) << "MAX_TRANSMIT_SPAN";
  // After the fourth timeout, at most 2.4 s behind the last transmission, nobody waits for it any more.
  let_keep_alive_pass();
  expect_no_retransmission(client);
}

TEST_F(CoapMessage, RFC7252_5_2_2_4_acknowledgement_ends_the_retransmission) {
  start_with_short_timeouts();
  if (IsSkipped()) return;
  Endpoint client = node();
  client.acknowledge(first_notification(client));
  expect_no_retransmission(client);
}

TEST_F(CoapMessage, RFC7252_5_2_2_4_RFC7252_5_2_2_3_what_an_acknowledgement_carries_does_not_matter) {
  start_with_short_timeouts();
  if (IsSkipped()) return;
  Endpoint client = node();
  Message acknowledgement = ack(*first_notification(client).mid).tokened("any").body("payload");
  acknowledgement.code = kContent;
  client.send(acknowledgement);
  expect_no_retransmission(client);
}

TEST_F(CoapMessage, RFC7252_5_2_2_4_reset_ends_the_retransmission) {
  start_with_short_timeouts();
  if (IsSkipped()) return;
  Endpoint client = node();
  client.reset(first_notification(client));
  expect_no_retransmission(client);
}

TEST_F(CoapMessage, RFC7252_4_4_3_acknowledgement_of_another_endpoint_or_id_does_not_count) {
  start_with_short_timeouts();
  if (IsSkipped()) return;
  Endpoint client = node();
  const Message first = first_notification(client);
  for (const char* local : {"127.0.0.1", "127.0.0.2"}) {
    Endpoint other = node(local);
    other.acknowledge(first);
    other.reset(first);
  }
  client.send(ack((*first.mid + 1) & 0xFFFF));
  client.send(rst((*first.mid + 1) & 0xFFFF));
  const Message second = client.notification("watch", "news");
  EXPECT_EQ(second.mid, first.mid);
  client.acknowledge(second);
  join().publish(topic("a"), "the observation is still there", 1);
  client.take("watch", "the observation is still there");
}

TEST_F(CoapMessage, RFC7252_4_4_2_message_ids_to_one_endpoint_are_all_different) {
  start({"coap.notify_type=con"});
  if (IsSkipped()) return;
  Endpoint client = node();
  client.request(observe(topic("a"), "watch"), kContent);
  Client publisher = join();
  std::set<unsigned> ids;
  constexpr unsigned kMany = 300;
  for (unsigned i = 0; i < kMany; ++i) {
    publisher.publish(topic("a"), std::to_string(i), 1);
    ids.insert(*client.take("watch", std::to_string(i)).mid);
    ids.insert(*client.request(unconfirmed(put(topic("b"), "x")), kChanged).mid);
  }
  EXPECT_EQ(ids.size(), 2 * kMany);
}

TEST_F(CoapMessage, RFC7252_4_6_1_no_datagram_is_larger_than_a_path_carries) {
  retain(topic("a"), long_text(5000));
  Endpoint client = node();
  // The reader refuses more than 1152 bytes of message and 1024 of payload.
  const Message response = client.request(get(topic("a")), kContent);
  ASSERT_TRUE(response.has(kBlock2));
  EXPECT_TRUE(response.block(kBlock2)->more);
  EXPECT_EQ(long_text(5000).substr(0, response.payload.size()), response.payload);
}

TEST_F(CoapMessage, RFC7252_4_7_1_one_confirmable_message_at_a_time) {
  start({"coap.notify_type=con"});
  if (IsSkipped()) return;
  Endpoint client = node();
  const Message first = first_notification(client);
  Client publisher = join();
  for (const char* text : {"second", "third"}) publisher.publish(topic("a"), text, 1);
  const Message probe = client.send(get(topic("a")));
  for (Message message = client.next(); message.token != probe.token; message = client.next()) {
    EXPECT_EQ(message.mid, first.mid) << "NSTART is 1: " << message.describe();
  }
}

TEST_F(CoapMessage, RFC7252_4_8_1_3_random_factor_below_one_is_refused) {
  if (IsSkipped()) return;  // the peer is none of ours
  try {
    start({"coap.ack_random_factor=0.9"});
    FAIL() << "the broker runs";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("coap.ack_random_factor"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace sluice::test

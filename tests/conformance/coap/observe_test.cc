// SPDX-License-Identifier: Apache-2.0
// RFC 7641: observing topics.
#include <algorithm>

#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

constexpr std::uint32_t kHalf = 1U << 23;

/// Whether a sequence number of 24 bits comes after another one [RFC 7641, 3.4].
bool is_later(std::uint32_t later, std::uint32_t earlier) {
  return later != earlier && ((later - earlier) & 0xFFFFFF) < kHalf;
}

class CoapObserve : public CoapTest {
 protected:
  Message register_for(Endpoint& client, std::string_view name, std::string_view token) {
    Message first = client.request(observe(name, token), kContent);
    EXPECT_TRUE(first.has(kObserve)) << first.describe();
    return first;
  }
  void publish(std::string_view payload, unsigned qos = 1) { join().publish(topic("a"), payload, qos); }
  /// Nothing of topic a comes any more.
  void expect_gone(Endpoint& client) {
    publish("nobody observes this");
    client.expect_silence_before(get(topic("b")));
  }
  [[nodiscard]] Message ps(unsigned method, std::string_view name, std::string_view who = "node") const {
    return con(method).path("ps").path(name).query("c=" + id(who));
  }
};

TEST_F(CoapObserve, RFC7641_4_1_1_RFC7641_4_2_1_RFC7641_4_2_2_RFC7641_4_2_6_observer_gets_each_change) {
  retain(topic("a"), "now");
  Endpoint client = node();
  EXPECT_EQ(register_for(client, topic("a"), "watch").payload, "now");
  for (const char* text : {"one", "two", "three"}) {
    publish(text);
    client.take("watch", text);
  }
}

TEST_F(CoapObserve, RFC7641_4_2_1_tokens_of_every_length) {
  Endpoint client = node();
  for (std::size_t length = 0; length <= 8; ++length) {
    const Bytes token(length, static_cast<char>(length));
    register_for(client, topic("a"), token);
    publish("news");
    client.take(token, "news");
    client.request(forget(topic("a"), token), kContent);
  }
}

TEST_F(CoapObserve, RFC7641_4_1_1_observer_by_unconfirmed_request) {
  Endpoint client = node();
  EXPECT_TRUE(client.request(unconfirmed(observe(topic("a"), "watch")), kContent).has(kObserve));
  publish("news");
  client.take("watch", "news");
}

TEST_F(CoapObserve, RFC7641_4_1_2_same_token_again_is_one_entry) {
  Endpoint client = node();
  for (int i = 0; i < 3; ++i) register_for(client, topic("a"), "watch");
  for (const char* text : {"one", "two"}) {
    publish(text);
    client.take("watch", text);
    client.expect_silence_before(get(topic("b")));
  }
}

TEST_F(CoapObserve, RFC7641_4_1_2_another_endpoint_is_another_entry) {
  Endpoint one = node();
  Endpoint other = node("127.0.0.2");
  one.request(observe(topic("a"), "watch"), kContent);
  other.request(request(kGet, topic("a"), "other").with(kObserve, 0U).tokened("watch"), kContent);
  publish("news");
  one.take("watch", "news");
  other.take("watch", "news");
  one.request(forget(topic("a"), "watch"), kContent);
  publish("more");
  other.take("watch", "more");
  one.expect_silence_before(get(topic("b")));
}

TEST_F(CoapObserve, RFC7641_4_1_3_registration_that_is_not_granted_is_a_plain_get) {
  start({"coap.max_observations=1"});
  if (IsSkipped()) return;
  retain(topic("b"), "kept");
  Endpoint client = node();
  register_for(client, topic("a"), "1");
  const Message second = client.request(observe(topic("b"), "2"));
  EXPECT_FALSE(second.has(kObserve)) << second.describe();
  EXPECT_EQ(second.code, kContent);
  EXPECT_EQ(second.payload, "kept");
  join().publish(topic("b"), "news", 1);
  client.expect_silence_before(get(topic("c")));
  publish("news");
  client.take("1", "news");
}

TEST_F(CoapObserve, RFC7641_4_1_4_RFC7641_4_1_5_deregistration) {
  retain(topic("a"), "now");
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  const Message response = client.request(forget(topic("a"), "watch"), kContent);
  EXPECT_FALSE(response.has(kObserve));
  EXPECT_EQ(response.payload, "now");
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_1_4_RFC7641_4_1_5_deregistration_without_registration) {
  retain(topic("a"), "now");
  Endpoint client = node();
  const Message response = client.request(forget(topic("a"), "unseen"), kContent);
  EXPECT_FALSE(response.has(kObserve));
  EXPECT_EQ(response.payload, "now");
}

TEST_F(CoapObserve, RFC7641_4_1_4_deregistration_of_one_entry_leaves_the_others) {
  Endpoint client = node();
  register_for(client, topic("a"), "a");
  register_for(client, topic("b"), "b");
  client.request(forget(topic("b"), "b"), kContent);
  join().publish(topic("b"), "nobody observes this", 1);
  publish("news");
  client.take("a", "news");
}

TEST_F(CoapObserve, RFC7959_2_6_2_request_for_a_later_block_registers_nothing) {
  Endpoint client = node();
  const Message response = client.request(observe(topic("a"), "watch").block2(1, 6));
  EXPECT_FALSE(response.has(kObserve)) << response.describe();
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_1_1_other_values_of_observe_register_nothing) {
  retain(topic("a"), "now");
  Endpoint client = node();
  for (const std::uint32_t value : {2U, 255U, 0xFFFFFFU}) {
    const Message response = client.request(get(topic("a")).with(kObserve, value).tokened("watch"));
    EXPECT_FALSE(response.has(kObserve)) << response.describe();
  }
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_2_3_RFC7641_4_2_7_resource_that_goes_ends_the_observation) {
  Endpoint client = node();
  const std::string name = id("made");
  client.request(ps(kPut, name).with(kContentFormat, 42U).body("x"), kCreated);
  client.request(ps(kGet, name).with(kObserve, 0U).tokened("watch"), kContent);
  Endpoint other = node();
  other.request(ps(kDelete, name, "other"), kDeleted);
  // The reader refuses an error with Observe.
  const Message end = client.next();
  EXPECT_EQ(end.token, "watch");
  EXPECT_EQ(end.code, kNotFound) << end.describe();
  if (end.kind == Kind::Con) client.acknowledge(end);
  other.request(ps(kPut, name, "other").with(kContentFormat, 42U).body("again"), kCreated);
  client.expect_silence_before(get(topic("b")));
}

TEST_F(CoapObserve, RFC7641_4_2_4_RFC7641_4_2_5_format_stays_or_the_observation_ends) {
  Endpoint client = node();
  client.request(keep(topic("a"), "text").with(kContentFormat, 0U), kChanged);
  const Message first = register_for(client, topic("a"), "watch");
  client.request(keep(topic("a"), "more text").with(kContentFormat, 0U), kChanged);
  EXPECT_EQ(client.take("watch", "more text").number(kContentFormat), first.number(kContentFormat));
  client.request(keep(topic("a"), "{}").with(kContentFormat, 50U), kChanged);
  const Message change = client.next();
  EXPECT_EQ(change.token, "watch");
  if (change.kind == Kind::Con) client.acknowledge(change);
  if (change.klass() == 2) {
    EXPECT_EQ(change.number(kContentFormat), first.number(kContentFormat));
  } else {
    EXPECT_EQ(change.code, kNotAcceptable) << change.describe();
    expect_gone(client);
  }
}

TEST_F(CoapObserve, RFC7641_4_2_4_format_of_the_first_value_that_comes_stays) {
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  client.request(put(topic("a"), "text").with(kContentFormat, 0U), kChanged);
  EXPECT_EQ(client.take("watch", "text").number(kContentFormat), 0U);
  client.request(put(topic("a"), "{}").with(kContentFormat, 50U), kChanged);
  const Message change = client.next();
  EXPECT_EQ(change.code, kNotAcceptable) << change.describe();
  if (change.kind == Kind::Con) client.acknowledge(change);
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_2_4_formats_with_accept) {
  Endpoint client = node();
  client.request(keep(topic("a"), "text").with(kContentFormat, 0U), kChanged);
  const auto format = client.request(get(topic("a")), kContent).number(kContentFormat);
  if (!format) GTEST_SKIP() << "the server says no format";
  const Message first = client.request(observe(topic("a"), "watch").with(kAccept, *format), kContent);
  EXPECT_EQ(first.number(kContentFormat), format);
  client.request(keep(topic("a"), "more").with(kContentFormat, 0U), kChanged);
  EXPECT_EQ(client.take("watch", "more").number(kContentFormat), format);
  const Message refused = client.request(observe(topic("a"), "other").with(kAccept, 60U), kNotAcceptable);
  EXPECT_FALSE(refused.has(kObserve));
}

TEST_F(CoapObserve, RFC7641_4_3_1_1_RFC7641_4_5_1_last_state_arrives_after_a_burst) {
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  Client publisher = join();
  constexpr int kBurst = 50;
  for (int i = 1; i <= kBurst; ++i) publisher.publish(topic("a"), std::to_string(i), 1);
  std::string last;
  while (last != std::to_string(kBurst)) {
    const Message message = client.notification("watch");
    if (message.kind == Kind::Con) client.acknowledge(message);
    last = message.payload;
  }
}

TEST_F(CoapObserve, RFC7641_4_3_1_2_notifications_say_how_long_they_hold) {
  start({"coap.keepalive=100s"});
  if (IsSkipped()) return;
  Endpoint client = node();
  EXPECT_EQ(register_for(client, topic("a"), "watch").number(kMaxAge), 100U);
  publish("news");
  EXPECT_EQ(client.take("watch", "news").number(kMaxAge), 100U);
  client.request(request(kPut, topic("a"), "other").query("expiry=1000").body("long"), kChanged);
  EXPECT_EQ(client.take("watch", "long").number(kMaxAge), 100U) << "it may be replaced any time";
  client.request(request(kPut, topic("a"), "other").query("expiry=50").body("short"), kChanged);
  EXPECT_LE(client.take("watch", "short").number(kMaxAge).value_or(100), 50U);
}

TEST_F(CoapObserve, RFC7641_4_3_2_1_valid_only_for_entity_tags_that_the_client_named) {
  retain(topic("a"), "one");
  Endpoint client = node();
  const Bytes one = client.request(get(topic("a")), kContent).get(kETag).value_or("");
  const Message first = client.request(observe(topic("a"), "watch").with(kETag, one));
  EXPECT_TRUE(first.code == kValid || first.code == kContent) << first.describe();
  EXPECT_EQ(first.get(kETag), one);
  EXPECT_TRUE(first.has(kObserve));
  for (const char* text : {"two", "one", "two"}) {
    retain(topic("a"), text);
    const Message message = client.next();
    EXPECT_EQ(message.token, "watch");
    if (message.kind == Kind::Con) client.acknowledge(message);
    if (message.code == kValid) {
      EXPECT_EQ(message.get(kETag), one) << "'two' is a representation that the client did not name";
    } else {
      EXPECT_EQ(message.code, kContent);
      EXPECT_EQ(message.payload, text);
    }
  }
}

TEST_F(CoapObserve, RFC7641_4_4_1_RFC7641_4_4_2_RFC7641_4_4_3_sequence_numbers_rise) {
  Endpoint client = node();
  std::vector<std::uint32_t> numbers = {*register_for(client, topic("a"), "watch").number(kObserve)};
  Client publisher = join();
  for (int i = 0; i < 100; ++i) {
    publisher.publish(topic("a"), std::to_string(i), 1);
    numbers.push_back(*client.take("watch", std::to_string(i)).number(kObserve));
  }
  numbers.push_back(*register_for(client, topic("a"), "watch").number(kObserve));
  publisher.publish(topic("a"), "last", 1);
  numbers.push_back(*client.take("watch", "last").number(kObserve));
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    EXPECT_TRUE(is_later(numbers[i], numbers[i - 1])) << numbers[i - 1] << " and then " << numbers[i];
  }
  std::uint32_t way = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) way += (numbers[i] - numbers[i - 1]) & 0xFFFFFF;
  EXPECT_LT(way, kHalf) << "so far in less than 256 seconds";
}

TEST_F(CoapObserve, RFC7641_4_4_4_RFC7641_4_5_2_1_retransmission_is_current_and_then_the_next_one_comes) {
  start({"coap.notify_type=con", "coap.ack_timeout=100ms"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  publish("one");
  const Message first = client.notification("watch", "one");
  EXPECT_EQ(first.kind, Kind::Con);
  publish("two");
  Message second = client.notification("watch");
  while (second.payload == "one") {
    EXPECT_EQ(second.mid, first.mid);
    EXPECT_FALSE(is_later(*first.number(kObserve), *second.number(kObserve)));
    client.acknowledge(second);
    second = client.notification("watch");
  }
  EXPECT_EQ(second.payload, "two");
  EXPECT_NE(second.mid, first.mid);
  EXPECT_TRUE(is_later(*second.number(kObserve), *first.number(kObserve)));
  client.acknowledge(second);
}

TEST_F(CoapObserve, RFC7641_4_5_2_reset_of_a_confirmable_notification_ends_the_observation) {
  start({"coap.notify_type=con"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  publish("one");
  client.reset(client.notification("watch", "one"));
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_5_2_reset_of_an_unconfirmed_notification_ends_the_observation) {
  start({"coap.notify_type=non"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  // Some may be confirmable, but not most of them.
  publish("first");
  Message message = client.notification("watch");
  for (int i = 0; message.kind == Kind::Con && i < 10; ++i) {
    client.acknowledge(message);
    publish(std::to_string(i));
    message = client.notification("watch");
  }
  EXPECT_EQ(message.kind, Kind::Non) << message.describe();
  client.reset(message);
  // The server answers a ping behind the reset: it has seen it.
  client.expect_silence();
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_5_2_reset_of_one_observation_leaves_the_others) {
  start({"coap.notify_type=con"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "a");
  register_for(client, topic("b"), "b");
  publish("one");
  client.reset(client.notification("a", "one"));
  publish("nobody observes this");
  join().publish(topic("b"), "news", 1);
  client.take("b", "news");
}

TEST_F(CoapObserve, RFC7641_4_5_2_notification_that_is_never_acknowledged_ends_the_observation) {
  start({"coap.notify_type=con", "coap.ack_timeout=100ms", "coap.ack_random_factor=1.0", "coap.max_retransmit=2"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  publish("one");
  for (int i = 0; i < 3; ++i) client.notification("watch", "one");
  // The last attempt times out 400 ms behind the last transmission.
  let_keep_alive_pass();
  expect_gone(client);
}

TEST_F(CoapObserve, RFC7641_4_5_3_now_and_then_a_notification_is_confirmable) {
  start({"coap.notify_type=non", "coap.observe.con_interval=1s"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  let_keep_alive_pass();
  publish("after more than a second");
  const Message message = client.notification("watch");
  EXPECT_EQ(message.kind, Kind::Con) << message.describe();
  client.acknowledge(message);
  publish("right behind");
  EXPECT_EQ(client.notification("watch", "right behind").kind, Kind::Non);
}

TEST_F(CoapObserve, RFC7641_4_5_1_1_one_confirmable_notification_at_a_time) {
  start({"coap.notify_type=con"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  Client publisher = join();
  for (const char* text : {"one", "two", "three"}) publisher.publish(topic("a"), text, 1);
  // States in between may be left out, the last one not.
  for (std::string last; last != "three";) {
    const Message message = client.notification("watch");
    last = message.payload;
    // Until it is acknowledged nothing but itself comes.
    const Message probe = client.send(con(kEmpty));
    for (Message other = client.next(); other.mid != probe.mid; other = client.next())
      EXPECT_EQ(other.mid, message.mid);
    client.acknowledge(message);
  }
}

TEST_F(CoapObserve, RFC7641_7_1_unconfirmed_notifications_have_confirmable_ones_between_them) {
  start({"coap.notify_type=non"});
  if (IsSkipped()) return;
  Endpoint client = node();
  register_for(client, topic("a"), "watch");
  Client publisher = join();
  // No number is given; a thousand to a client of which nothing was heard is no limit.
  constexpr int kMany = 1000;
  int unconfirmed_ones = 0;
  for (int i = 1; i <= kMany; ++i) {
    publisher.publish(topic("a"), std::to_string(i), 1);
    const Message message = client.notification("watch");
    if (message.kind == Kind::Con) break;
    ++unconfirmed_ones;
  }
  EXPECT_LT(unconfirmed_ones, kMany);
}

TEST_F(CoapObserve, RFC7641_4_2_6_sequence_of_qos_1_messages_waits_for_acknowledgements) {
  start({"coap.notify_type=qos"});
  if (IsSkipped()) return;
  Endpoint client = node();
  Message subscription = observe(topic("a"), "watch").query("qos=1");
  client.request(subscription, kContent);
  Client publisher = join();
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i) texts.push_back(std::to_string(i));
  for (const std::string& text : texts) publisher.publish(topic("a"), text, 1);
  for (const std::string& text : texts) {
    const Message message = client.notification("watch", text);
    EXPECT_EQ(message.kind, Kind::Con) << message.describe();
    client.acknowledge(message);
  }
  client.expect_silence_before(get(topic("b")));
}

TEST_F(CoapObserve, RFC7641_4_1_1_wildcards_are_observed_too) {
  Endpoint client = node();
  client.request(observe(topic("+"), "watch"), kContent);
  for (const char* name : {"a", "b"}) {
    join().publish(topic(name), name, 1);
    client.take("watch", name);
  }
}

}  // namespace
}  // namespace sluice::test

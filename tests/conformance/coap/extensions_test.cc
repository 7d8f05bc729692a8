// SPDX-License-Identifier: Apache-2.0
// RFC 7967 (No-Response), RFC 8132 (FETCH, PATCH, iPATCH) and RFC 8516 (4.29).
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

/// Bits of No-Response [RFC 7967, 2.1].
constexpr std::uint32_t kNoSuccess = 2;
constexpr std::uint32_t kNoClientErrors = 8;
constexpr std::uint32_t kNoServerErrors = 16;
constexpr std::uint32_t kNothing = kNoSuccess | kNoClientErrors | kNoServerErrors;

class CoapNoResponse : public CoapTest {};
class CoapMoreMethods : public CoapTest {};
class CoapTooMany : public CoapTest {};

TEST_F(CoapNoResponse, RFC7967_2_1_1_RFC7967_2_1_2_responses_of_no_interest_are_not_sent) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const std::uint32_t mask : {kNoSuccess, kNothing}) {
    client.send(unconfirmed(put(topic("a"), "quiet")).with(kNoResponse, mask));
    client.expect_silence_before(get(topic("b")));
    subscriber.take(topic("a"), "quiet");
  }
  for (const std::uint32_t mask : {kNoClientErrors, kNoClientErrors | kNoServerErrors, kNothing}) {
    client.send(unconfirmed(request(kPost, topic("a"))).with(kNoResponse, mask));
    client.expect_silence_before(get(topic("b")));
  }
}

TEST_F(CoapNoResponse, RFC7967_2_1_1_RFC7967_2_1_3_other_responses_are_sent) {
  Endpoint client = node();
  for (const std::uint32_t mask : {0U, kNoClientErrors, kNoServerErrors, kNoClientErrors | kNoServerErrors}) {
    client.request(unconfirmed(put(topic("a"), "loud")).with(kNoResponse, mask), kChanged);
  }
  for (const std::uint32_t mask : {0U, kNoSuccess, kNoServerErrors, kNoSuccess | kNoServerErrors}) {
    client.request(unconfirmed(request(kPost, topic("a"))).with(kNoResponse, mask), kMethodNotAllowed);
  }
}

TEST_F(CoapNoResponse, RFC7967_2_1_confirmable_request_is_acknowledged_without_the_response) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const Message request = client.send(put(topic("a"), "quiet").with(kNoResponse, kNothing));
  const Message acknowledgement = client.next();
  EXPECT_EQ(acknowledgement.kind, Kind::Ack);
  EXPECT_EQ(acknowledgement.mid, request.mid);
  EXPECT_EQ(acknowledgement.code, kEmpty) << acknowledgement.describe();
  client.send_raw(datagram(request));
  EXPECT_EQ(client.next().raw, acknowledgement.raw);
  client.expect_silence_before(get(topic("b")));
  subscriber.take(topic("a"), "quiet");
  client.request(put(topic("a"), "loud"), kChanged);
  subscriber.take(topic("a"), "loud");
}

TEST_F(CoapMoreMethods, RFC8132_3_1_RFC8132_3_3_RFC8132_3_4_methods_with_a_body_that_no_resource_knows) {
  retain(topic("a"), "kept");
  Client subscriber = watcher(topic("a"));
  subscriber.take(topic("a"), "kept");
  Endpoint client = node();
  for (const unsigned method : {kFetch, kPatch, kIPatch}) {
    for (const Message& target :
         {request(method, topic("a")), con(method).path("ps").path(topic("a")), con(method).path(".well-known/core")}) {
      // Not supported at all, or not with this format; never done, and nobody's fault but the client's.
      for (const Message& form : {Message(target).body("{}").with(kContentFormat, 50U), Message(target).body("{}")}) {
        const Message response = client.request(form);
        EXPECT_TRUE(response.code == kMethodNotAllowed || response.code == kUnsupportedFormat ||
                    response.code == kBadRequest || response.code == kNotFound)
            << response.describe() << " for " << form.describe();
      }
    }
  }
  subscriber.expect_nothing_more();
  EXPECT_EQ(client.request(get(topic("a")), kContent).payload, "kept");
}

TEST_F(CoapTooMany, RFC8516_3_1_client_that_sends_too_often) {
  start({"mqtt.client.max_publish_rate=2"});
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  std::vector<std::string> accepted;
  int refused = 0;
  for (int i = 0; i < 50; ++i) {
    const Message response = client.request(put(topic("a"), std::to_string(i)));
    if (response.code == kChanged) accepted.push_back(std::to_string(i));
    if (response.code == kChanged) continue;
    EXPECT_EQ(response.code, kTooManyRequests) << response.describe();
    EXPECT_GE(response.number(kMaxAge).value_or(60), 1U) << "when to come again";
    ++refused;
  }
  EXPECT_GT(refused, 0);
  for (const std::string& text : accepted) subscriber.take(topic("a"), text);
  subscriber.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test

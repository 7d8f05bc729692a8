// SPDX-License-Identifier: Apache-2.0
// RFC 7959: representations that come in blocks, of kept messages and of notifications.
#include <algorithm>

#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

class CoapBlock2 : public CoapTest {
 protected:
  Download load(Endpoint& client, const Message& request, const Message& first_request) {
    const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
    return download(request, ask(first_request), ask);
  }
  Download load(Endpoint& client, const Message& request) { return load(client, request, request); }
  static void expect_one_version(const Download& result) {
    const auto etag = result.responses.front().get(kETag);
    EXPECT_TRUE(etag) << "SHOULD: " << result.responses.front().describe();
    for (const Message& response : result.responses) EXPECT_EQ(response.get(kETag), etag);
  }
};

// The reader refuses a block that is not as long as it says, unless it is the last one.
TEST_F(CoapBlock2, RFC7959_2_3_1_RFC7959_2_4_1_RFC7959_2_4_3_RFC7959_2_4_4_representation_in_the_size_of_the_client) {
  const std::string body = long_text(3000);
  retain(topic("a"), body);
  Endpoint client = node();
  for (unsigned szx = 0; szx <= 6; ++szx) {
    SCOPED_TRACE(szx);
    const Download result = load(client, get(topic("a")), get(topic("a")).block2(0, szx));
    EXPECT_EQ(result.body, body);
    expect_one_version(result);
    const unsigned first = result.responses.front().block(kBlock2)->szx;
    EXPECT_LE(first, szx);
    for (std::uint32_t number = 0; number < result.responses.size(); ++number) {
      const auto block = result.responses[number].block(kBlock2);
      ASSERT_TRUE(block);
      EXPECT_EQ(block->number, number);
      EXPECT_EQ(block->szx, first);
    }
  }
}

TEST_F(CoapBlock2, RFC7959_2_4_4_client_that_does_not_expect_blocks) {
  const std::string body = long_text(3000);
  retain(topic("a"), body);
  Endpoint client = node();
  const Download result = load(client, get(topic("a")));
  EXPECT_GT(result.responses.size(), 2U);
  EXPECT_EQ(result.body, body);
  expect_one_version(result);
}

TEST_F(CoapBlock2, RFC7959_2_4_4_representation_of_whole_blocks) {
  const std::string body = long_text(256);
  retain(topic("a"), body);
  Endpoint client = node();
  const Download result = load(client, get(topic("a")), get(topic("a")).block2(0, 2));
  EXPECT_EQ(result.body, body);
  EXPECT_EQ(result.responses.size(), 4U);
}

TEST_F(CoapBlock2, RFC7959_2_4_1_size_changes_behind_the_first_block) {
  const std::string body = long_text(3000);
  retain(topic("a"), body);
  Endpoint client = node();
  const Message first = client.request(get(topic("a")), kContent);
  const std::size_t size = first.payload.size();
  std::string rest;
  for (std::uint32_t number = static_cast<std::uint32_t>(size / 64); size + rest.size() < body.size(); ++number) {
    const Message response = client.request(get(topic("a")).block2(number, 2), kContent);
    EXPECT_EQ(response.block(kBlock2)->number, number);
    EXPECT_EQ(response.block(kBlock2)->szx, 2U);
    rest += response.payload;
  }
  EXPECT_EQ(first.payload + rest, body);
}

TEST_F(CoapBlock2, RFC7959_2_4_4_block_size_of_the_server) {
  start({"coap.block_size=128"});
  if (IsSkipped()) return;
  const std::string body = long_text(1000);
  retain(topic("a"), body);
  Endpoint client = node();
  const std::vector<Message> beginnings = {get(topic("a")), get(topic("a")).block2(0, 6), get(topic("a")).block2(0, 1)};
  for (const Message& beginning : beginnings) {
    const Download result = load(client, get(topic("a")), beginning);
    EXPECT_EQ(result.body, body);
    EXPECT_LE(result.responses.front().block(kBlock2)->szx, 3U);
  }
}

TEST_F(CoapBlock2, RFC7959_2_2_3_RFC7959_2_4_2_more_bit_of_a_request_is_ignored) {
  const std::string body = long_text(300);
  retain(topic("a"), body);
  Endpoint client = node();
  for (const std::uint32_t number : {0U, 1U}) {
    const Message plain = client.request(get(topic("a")).block2(number, 2), kContent);
    const Message more = client.request(get(topic("a")).with(kBlock2, Block{number, true, 2}.value()), kContent);
    EXPECT_EQ(more.payload, plain.payload);
    EXPECT_EQ(more.block(kBlock2), plain.block(kBlock2));
  }
}

TEST_F(CoapBlock2, RFC7959_2_4_1_block_behind_the_end_is_an_error) {
  retain(topic("a"), long_text(300));
  Endpoint client = node();
  for (const std::uint32_t number : {5U, 6U, 1000U, (1U << 20) - 1}) {
    const Message response = client.request(get(topic("a")).block2(number, 2));
    EXPECT_EQ(response.klass(), 4U) << response.describe();
  }
  EXPECT_EQ(client.request(get(topic("a")).block2(4, 2), kContent).payload, long_text(300).substr(256));
}

TEST_F(CoapBlock2, RFC7959_2_4_5_RFC9175_3_8_1_RFC9175_3_8_2_change_in_the_middle_shows_in_the_entity_tag) {
  const std::string old(300, 'o');
  const std::string fresh(300, 'n');
  retain(topic("a"), old);
  Endpoint client = node();
  const Message first = client.request(get(topic("a")).block2(0, 2), kContent);
  ASSERT_TRUE(first.has(kETag));
  retain(topic("a"), fresh);
  const Message second = client.request(get(topic("a")).block2(1, 2), kContent);
  ASSERT_TRUE(second.has(kETag));
  // The server may have kept the old version for the transfer.
  EXPECT_EQ(second.payload, (second.get(kETag) == first.get(kETag) ? old : fresh).substr(64, 64));
  const Message again = client.request(get(topic("a")).block2(0, 2).with(kETag, *first.get(kETag)));
  EXPECT_EQ(again.code, kContent) << again.describe();
  EXPECT_NE(again.get(kETag), first.get(kETag));
}

TEST_F(CoapBlock2, RFC7959_4_3_size_is_an_answer_when_it_is_asked_for) {
  retain(topic("a"), long_text(3000));
  Endpoint client = node();
  for (const Message& request : {get(topic("a")).with(kSize2, 0U), get(topic("a")).block2(0, 2).with(kSize2, 0U)}) {
    const Message response = client.request(request, kContent);
    // A server may leave it out, but not say another size.
    EXPECT_EQ(response.number(kSize2).value_or(3000), 3000U) << response.describe();
  }
}

TEST_F(CoapBlock2, RFC7959_2_6_1_RFC7959_2_6_2_RFC7959_2_6_3_notification_is_the_first_block) {
  Endpoint client = node();
  client.request(observe(topic("a"), "watch").block2(0, 2), kContent);
  for (const std::size_t size : {500UL, 64UL, 700UL}) {
    const std::string body = long_text(size);
    retain(topic("a"), body);
    const Message first = client.notification("watch");
    if (first.kind == Kind::Con) client.acknowledge(first);
    EXPECT_EQ(first.payload, body.substr(0, 64));
    if (size > 64) {
      EXPECT_EQ(first.block(kBlock2), (Block{0, true, 2}));
    }
    const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
    const Download result = download(get(topic("a")), first, ask);
    EXPECT_EQ(result.body, body);
    if (size > 64) expect_one_version(result);
    for (std::size_t i = 1; i < result.responses.size(); ++i) EXPECT_FALSE(result.responses[i].has(kObserve));
  }
}

TEST_F(CoapBlock2, RFC7959_2_6_2_notification_larger_than_any_block) {
  Endpoint client = node();
  client.request(observe(topic("a"), "watch"), kContent);
  const std::string body = long_text(5000);
  retain(topic("a"), body);
  const Message first = client.notification("watch");
  if (first.kind == Kind::Con) client.acknowledge(first);
  const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
  EXPECT_EQ(download(get(topic("a")), first, ask).body, body);
  client.expect_silence_before(get(topic("b")));
}

TEST_F(CoapBlock2, RFC7959_2_6_1_registration_of_a_large_representation) {
  const std::string body = long_text(500);
  retain(topic("a"), body);
  Endpoint client = node();
  const Message first = client.request(observe(topic("a"), "watch").block2(0, 3), kContent);
  EXPECT_TRUE(first.has(kObserve));
  EXPECT_EQ(first.block(kBlock2), (Block{0, true, 3}));
  const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
  EXPECT_EQ(download(get(topic("a")), first, ask).body, body);
}

TEST_F(CoapBlock2, RFC7959_2_1_1_block_options_where_they_mean_nothing) {
  retain(topic("a"), "short");
  Endpoint client = node();
  EXPECT_EQ(client.request(get(topic("a")).block2(0, 6), kContent).payload, "short");
  EXPECT_EQ(client.request(put(topic("b"), "x").block1(0, false, 6), kChanged).block(kBlock1)->number, 0U);
  // A Block2 beside a payload sizes the response, if there is one to size.
  client.request(put(topic("b"), "x").block2(0, 2), kChanged);
}

}  // namespace
}  // namespace sluice::test

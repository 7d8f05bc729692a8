// SPDX-License-Identifier: Apache-2.0
// RFC 7959: bodies of requests that come in blocks; RFC 9175, 3: which blocks belong together.
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

constexpr unsigned kLargest = 6;  // SZX of 1024 bytes
constexpr unsigned kOf64 = 2;

class CoapBlock1 : public CoapTest {
 protected:
  /// Sends all blocks in order; the response to the last one.
  Message upload(Endpoint& client, const Message& request, std::string_view body, unsigned szx) {
    for (std::uint32_t number = 0;; ++number) {
      const Message block = slice(request, body, number, szx);
      Message response = client.request(block);
      if (!block.block(kBlock1)->more || response.code != kContinue) return response;
    }
  }
  /// The watcher gets this body, and nothing came before it.
  void expect_published(Client& subscriber, std::string_view body) { subscriber.take(topic("a"), body); }
  /// Nothing of what was sent has become a message.
  void expect_nothing_published(Client& subscriber, Endpoint& client) {
    client.request(put(topic("a"), "end"), kChanged);
    expect_published(subscriber, "end");
  }
};

TEST_F(
    CoapBlock1,
    RFC7959_2_1_1_RFC7959_2_2_1_RFC7959_2_3_2_RFC7959_2_3_5_RFC7959_2_5_1_RFC7959_2_9_1_1_body_in_blocks_of_every_size) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (unsigned szx = 0; szx <= kLargest; ++szx) {
    SCOPED_TRACE(szx);
    const std::string body = long_text((std::size_t{16} << szx) * 5 + 7);
    for (std::uint32_t number = 0; number <= 5; ++number) {
      const Message response = client.request(slice(put(topic("a"), ""), body, number, szx));
      EXPECT_EQ(response.code, number < 5 ? kContinue : kChanged);
      const auto block = response.block(kBlock1);
      ASSERT_TRUE(block) << response.describe();
      EXPECT_EQ(block->number, number);
      EXPECT_EQ(block->more, number < 5) << "collected, and done with the last block";
      EXPECT_LE(block->szx, szx);
    }
    expect_published(subscriber, body);
  }
}

TEST_F(CoapBlock1, RFC7959_2_5_1_body_that_fills_its_last_block) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const std::size_t size : {1UL, 63UL, 64UL, 65UL, 128UL}) {
    EXPECT_EQ(upload(client, put(topic("a"), ""), long_text(size), kOf64).code, kChanged);
    expect_published(subscriber, long_text(size));
  }
}

TEST_F(CoapBlock1, RFC7959_2_5_1_unconfirmed_blocks) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(300);
  EXPECT_EQ(upload(client, unconfirmed(put(topic("a"), "")), body, kOf64).code, kChanged);
  expect_published(subscriber, body);
}

TEST_F(CoapBlock1, RFC7959_2_5_2_last_block_without_the_others_is_incomplete) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(300);
  client.request(slice(put(topic("a"), ""), body, 4, kOf64), kIncomplete);
  client.request(slice(put(topic("a"), ""), body, 0, kOf64), kContinue);
  client.request(slice(put(topic("a"), ""), body, 4, kOf64), kIncomplete);
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC7959_2_5_2_gap_is_incomplete_at_the_latest_in_the_end) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(300);
  client.request(slice(put(topic("a"), ""), body, 0, kOf64), kContinue);
  for (const std::uint32_t number : {2U, 3U}) {
    const unsigned outcome = client.request(slice(put(topic("a"), ""), body, number, kOf64)).code;
    EXPECT_TRUE(outcome == kIncomplete || outcome == kContinue) << code_name(outcome);
  }
  client.request(slice(put(topic("a"), ""), body, 4, kOf64), kIncomplete);
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC7959_2_5_3_transfer_that_starts_again_replaces_the_first) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  client.request(slice(put(topic("a"), ""), Bytes(300, 'o'), 0, kOf64), kContinue);
  client.request(slice(put(topic("a"), ""), Bytes(300, 'o'), 1, kOf64), kContinue);
  const std::string body = long_text(200);
  EXPECT_EQ(upload(client, put(topic("a"), ""), body, kOf64).code, kChanged);
  expect_published(subscriber, body);
}

TEST_F(CoapBlock1, RFC7959_2_5_1_repeated_block_is_a_duplicate_of_its_message) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(200);
  for (std::uint32_t number = 0; number * 64 < body.size(); ++number) {
    const Message block = client.send(slice(put(topic("a"), ""), body, number, kOf64));
    const Message first = client.next();
    client.send_raw(datagram(block));
    EXPECT_EQ(client.next().raw, first.raw);
  }
  expect_published(subscriber, body);
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC7959_2_2_2_size_of_2048_is_a_bad_request) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const Block& block : {Block{0, false, 7}, Block{0, true, 7}, Block{1, false, 7}}) {
    client.request(put(topic("a"), long_text(100)).with(kBlock1, block.value()), kBadRequest);
    client.request(get(topic("a")).with(kBlock2, block.value()), kBadRequest);
  }
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC7959_2_3_1_block_that_is_not_as_long_as_it_says) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (const std::size_t size : {0UL, 1UL, 63UL, 65UL, 128UL}) {
    const Message response = client.request(put(topic("a"), Bytes(size, 'x')).block1(0, true, kOf64));
    EXPECT_EQ(response.klass(), 4U) << size << ": " << response.describe();
  }
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC7959_2_3_4_blocks_of_different_formats_are_not_put_together) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(150);
  client.request(slice(put(topic("a"), "").with(kContentFormat, 0U), body, 0, kOf64), kContinue);
  EXPECT_NE(client.request(slice(put(topic("a"), "").with(kContentFormat, 50U), body, 1, kOf64)).code, kChanged);
  EXPECT_NE(client.request(slice(put(topic("a"), "").with(kContentFormat, 50U), body, 2, kOf64)).code, kChanged);
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC7959_2_3_3_RFC7959_2_5_4_server_that_wants_smaller_blocks) {
  start({"coap.block_size=256"});
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(2500);
  const Message first = client.request(slice(put(topic("a"), ""), body, 0, kLargest), kContinue);
  ASSERT_TRUE(first.has(kBlock1));
  const unsigned szx = first.block(kBlock1)->szx;
  EXPECT_EQ(szx, 4U) << first.describe();
  Message last;
  for (std::uint32_t number = static_cast<std::uint32_t>(1024 / (std::size_t{16} << szx)); last.code == kEmpty;
       ++number) {
    const Message response = client.request(slice(put(topic("a"), ""), body, number, szx));
    if (response.code != kContinue) last = response;
  }
  EXPECT_EQ(last.code, kChanged);
  expect_published(subscriber, body);
}

TEST_F(CoapBlock1, RFC7959_2_3_3_client_that_stays_with_its_size) {
  start({"coap.block_size=256"});
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(2500);
  const Message last = upload(client, put(topic("a"), ""), body, kLargest);
  // Heeding the server's size is a SHOULD; what does not is served or told, but not wronged.
  if (last.code == kChanged) expect_published(subscriber, body);
  EXPECT_TRUE(last.code == kChanged || last.code == kTooLarge) << last.describe();
}

TEST_F(CoapBlock1, RFC7959_2_9_3_1_RFC7959_4_2_body_that_is_too_large_is_refused_at_once) {
  start({"coap.max_body_size=2000"});
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(5000);
  // Announced; reached; and a block number far behind it.
  const Message announced =
      client.request(slice(put(topic("a"), ""), body, 0, kOf64).with(kSize1, 1'000'000'000U), kTooLarge);
  EXPECT_EQ(announced.number(kSize1), 2000U);
  const Message reached = upload(client, put(topic("a"), ""), body, kOf64);
  EXPECT_EQ(reached.code, kTooLarge);
  EXPECT_EQ(reached.number(kSize1), 2000U);
  Message far = put(topic("a"), Bytes(1024, 'x')).block1((1U << 20) - 1, true, kLargest);
  EXPECT_EQ(client.request(far).klass(), 4U);
  expect_nothing_published(subscriber, client);
  EXPECT_EQ(upload(client, put(topic("a"), ""), body.substr(0, 2000), kOf64).code, kChanged);
  expect_published(subscriber, body.substr(0, 2000));
}

TEST_F(CoapBlock1, RFC7959_4_1_RFC7959_4_2_size_of_the_body_may_be_wrong) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(200);
  for (const std::uint32_t size : {0U, 1U, 200U, 5000U}) {
    EXPECT_EQ(upload(client, put(topic("a"), "").with(kSize1, size), body, kOf64).code, kChanged) << size;
    expect_published(subscriber, body);
  }
}

TEST_F(CoapBlock1, RFC7959_2_10_1_if_none_match_of_the_first_block_is_the_bodys) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const auto upload_unless_there = [&](const std::string& body) {
    client.request(slice(keep(topic("a"), "").with(kIfNoneMatch, ""), body, 0, kOf64), kContinue);
    client.request(slice(keep(topic("a"), ""), body, 1, kOf64), kContinue);
    return client.request(slice(keep(topic("a"), ""), body, 2, kOf64)).code;
  };
  const std::string first = long_text(150);
  EXPECT_EQ(upload_unless_there(first), kChanged);
  expect_published(subscriber, first);
  EXPECT_EQ(upload_unless_there(long_text(160)), kPreconditionFailed);
  EXPECT_EQ(upload(client, keep(topic("a"), ""), long_text(170), kOf64).code, kChanged) << "without the option";
  expect_published(subscriber, long_text(170));
}

TEST_F(CoapBlock1, RFC7959_2_5_3_transfers_of_two_clients_and_to_two_topics_at_a_time) {
  Client of_a = watcher(topic("a"));
  Client of_b = watcher(topic("b"));
  Endpoint one = node();
  Endpoint other = node("127.0.0.2");
  const Message others_put = request(kPut, topic("a"), "other");
  const std::string body = long_text(150);
  const std::string reversed(body.rbegin(), body.rend());
  for (std::uint32_t number = 0; number < 3; ++number) {
    one.request(slice(put(topic("a"), ""), body, number, kOf64));
    one.request(slice(put(topic("b"), ""), reversed, number, kOf64));
    other.request(slice(others_put, reversed, number, kOf64));
  }
  of_a.take(topic("a"), body);
  of_a.take(topic("a"), reversed);
  of_b.take(topic("b"), reversed);
}

TEST_F(CoapBlock1, RFC9175_3_3_1_RFC9175_3_3_2_request_tags_keep_transfers_apart) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::string body = long_text(150);
  const std::string reversed(body.rbegin(), body.rend());
  std::vector<std::string> done;
  for (std::uint32_t number = 0; number < 3; ++number) {
    for (const auto& [tag, text] : {std::pair(Bytes("\x01"), body), std::pair(Bytes("\xFF\0", 2), reversed)}) {
      const unsigned outcome =
          client.request(slice(put(topic("a"), "").with(kRequestTag, tag), text, number, kOf64)).code;
      if (outcome == kChanged) done.push_back(text);
      // A server may serve one at a time; then it says so, and mixes nothing.
      EXPECT_TRUE(outcome == kContinue || outcome == kChanged || outcome == kIncomplete || outcome == kUnavailable)
          << code_name(outcome);
    }
  }
  EXPECT_FALSE(done.empty());
  for (const std::string& text : done) expect_published(subscriber, text);
  expect_nothing_published(subscriber, client);
}

TEST_F(CoapBlock1, RFC9175_3_3_1_block_with_another_list_of_request_tags_is_of_another_operation) {
  Client subscriber = watcher(topic("a"));
  const std::string body = long_text(150);
  using Tags = std::vector<Bytes>;
  const auto tagged = [&](const Tags& tags, std::uint32_t number) {
    Message block = slice(put(topic("a"), ""), body, number, kOf64);
    for (const Bytes& tag : tags) block.with(kRequestTag, tag);
    return block;
  };
  const std::vector<std::pair<Tags, Tags>> pairs = {{{"a"}, {"b"}},      {{}, {"a"}},
                                                    {{"a"}, {}},         {{}, {""}},
                                                    {{""}, {}},          {{"a", "b"}, {"b", "a"}},
                                                    {{"a"}, {"a", "a"}}, {{"a"}, {Bytes("a\0", 2)}},
                                                    {{"ab"}, {"a", "b"}}};
  for (const auto& [first, then] : pairs) {
    Endpoint client = node();
    client.request(tagged(first, 0), kContinue);
    EXPECT_NE(client.request(tagged(then, 1)).code, kChanged);
    EXPECT_NE(client.request(tagged(then, 2)).code, kChanged);
  }
  Endpoint other = node();
  expect_nothing_published(subscriber, other);
}

TEST_F(CoapBlock1, RFC9175_3_4_2_RFC9175_3_4_3_request_tag_without_a_block_is_ignored) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  // The reader refuses a response with Request-Tag.
  client.request(put(topic("a"), "one").with(kRequestTag, "tag"), kChanged);
  client.request(put(topic("a"), "two").with(kRequestTag, "tag").with(kRequestTag, ""), kChanged);
  EXPECT_EQ(client.request(get(topic("b")).with(kRequestTag, "tag")).klass(), 4U);
  expect_published(subscriber, "one");
  expect_published(subscriber, "two");
}

TEST_F(CoapBlock1, RFC7959_7_1_1_half_done_transfers_do_not_pile_up) {
  start({"coap.block.per_peer=2"});
  if (IsSkipped()) return;
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  for (int i = 0; i < 50; ++i) {
    const unsigned outcome =
        client.request(slice(put(topic("x" + std::to_string(i)), ""), long_text(300), 0, kOf64)).code;
    EXPECT_TRUE(outcome == kContinue || outcome == kUnavailable || outcome == kTooLarge || outcome == kTooManyRequests)
        << code_name(outcome);
  }
  // Others are not kept from it.
  Endpoint other = node("127.0.0.2");
  EXPECT_EQ(upload(other, request(kPut, topic("a"), "other"), long_text(300), kOf64).code, kChanged);
  expect_published(subscriber, long_text(300));
}

}  // namespace
}  // namespace sluice::test

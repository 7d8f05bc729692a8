// SPDX-License-Identifier: Apache-2.0
// RFC 7252, 5.6, 5.9 and 5.10: representations, entity-tags, formats, conditions, on messages that the broker keeps.
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

class CoapResource : public CoapTest {
 protected:
  Bytes etag_of(Endpoint& client, std::string_view name) {
    const Message response = client.request(get(name), kContent);
    EXPECT_TRUE(response.has(kETag)) << response.describe();
    return response.get(kETag).value_or("");
  }
};

TEST_F(CoapResource, RFC7252_5_9_1_3_1_RFC7252_5_9_1_3_2_RFC7252_5_8_1_1_known_entity_tag_is_valid) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  const Bytes etag = etag_of(client, topic("a"));
  const Message valid = client.request(get(topic("a")).with(kETag, etag), kValid);
  EXPECT_EQ(valid.get(kETag), etag);
  EXPECT_EQ(valid.payload, "");
  const Message one_of_three = get(topic("a")).with(kETag, "other").with(kETag, etag).with(kETag, "another");
  EXPECT_EQ(client.request(one_of_three, kValid).get(kETag), etag);
}

TEST_F(CoapResource, RFC7252_5_10_6_1_RFC7252_5_10_6_1_1_entity_tags_of_others_are_just_bytes) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  const Bytes etag = etag_of(client, topic("a"));
  for (const Bytes& unknown : {Bytes("x"), Bytes(8, '\0'), Bytes(8, '\xFF'), etag.substr(0, etag.size() - 1) + "~"}) {
    const Message response = client.request(get(topic("a")).with(kETag, unknown), kContent);
    EXPECT_EQ(response.payload, "kept");
    EXPECT_EQ(response.get(kETag), etag);
  }
}

TEST_F(CoapResource, RFC7252_5_9_1_3_1_changed_representation_has_another_entity_tag) {
  retain(topic("a"), "old");
  Endpoint client = node();
  const Bytes old = etag_of(client, topic("a"));
  retain(topic("a"), "new");
  const Message response = client.request(get(topic("a")).with(kETag, old), kContent);
  EXPECT_EQ(response.payload, "new");
  EXPECT_NE(response.get(kETag), old);
}

TEST_F(CoapResource, RFC7252_5_10_5_1_max_age_is_what_is_left_of_the_expiry) {
  Endpoint client = node();
  client.request(keep(topic("a"), "kept").query("expiry=100"), kChanged);
  const Message response = client.request(get(topic("a")), kContent);
  EXPECT_LE(response.number(kMaxAge).value_or(60), 100U);
  EXPECT_GE(response.number(kMaxAge).value_or(60), 60U) << "a test takes no 40 seconds";
  client.request(keep(topic("b"), "kept").query("expiry=30"), kChanged);
  EXPECT_LE(client.request(get(topic("b")), kContent).number(kMaxAge).value_or(60), 30U);
}

TEST_F(CoapResource, RFC7252_5_10_4_1_format_that_is_not_there_is_not_acceptable) {
  Endpoint client = node();
  for (const unsigned format : {0U, 42U, 50U}) {
    SCOPED_TRACE(format);
    client.request(keep(topic("a"), "{}").with(kContentFormat, format), kChanged);
    const auto has = client.request(get(topic("a")), kContent).number(kContentFormat);
    if (has) {
      EXPECT_EQ(client.request(get(topic("a")).with(kAccept, *has), kContent).number(kContentFormat), has);
    }
    client.request(get(topic("a")).with(kAccept, 60U), kNotAcceptable);
  }
  EXPECT_EQ(client.request(con(kGet).path(".well-known/core").with(kAccept, 40U), kContent).number(kContentFormat),
            40U);
  client.request(con(kGet).path(".well-known/core").with(kAccept, 50U), kNotAcceptable);
}

TEST_F(CoapResource, RFC7252_5_10_8_1_RFC7252_5_10_8_2_if_match) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  client.request(keep(topic("a"), "never").with(kIfMatch, ""), kPreconditionFailed);
  client.request(keep(topic("a"), "first"), kChanged);
  subscriber.take(topic("a"), "first");
  const Bytes first = etag_of(client, topic("a"));
  client.request(keep(topic("a"), "never").with(kIfMatch, "other"), kPreconditionFailed);
  client.request(keep(topic("a"), "second").with(kIfMatch, "other").with(kIfMatch, first), kChanged);
  client.request(keep(topic("a"), "never").with(kIfMatch, first), kPreconditionFailed);
  client.request(keep(topic("a"), "third").with(kIfMatch, ""), kChanged);
  subscriber.take(topic("a"), "second");
  subscriber.take(topic("a"), "third");
  EXPECT_EQ(client.request(get(topic("a")), kContent).payload, "third");
}

TEST_F(CoapResource, RFC7252_5_10_8_1_RFC7252_5_10_8_2_if_none_match) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  client.request(keep(topic("a"), "first").with(kIfNoneMatch, ""), kChanged);
  client.request(keep(topic("a"), "never").with(kIfNoneMatch, ""), kPreconditionFailed);
  client.request(unconfirmed(keep(topic("a"), "never").with(kIfNoneMatch, "")), kPreconditionFailed);
  client.request(keep(topic("a"), "second"), kChanged);
  subscriber.take(topic("a"), "first");
  subscriber.take(topic("a"), "second");
}

TEST_F(CoapResource, RFC7252_5_5_2_1_RFC7252_5_9_2_1_errors_carry_readable_diagnostics_or_nothing) {
  Endpoint client = node();
  // The reader refuses a diagnostic that is not UTF-8; bytes of the request that are not must not come back.
  const std::vector<Message> wrong = {get("\xFF\xFE"), put("\xC3", "x"), con(kGet).path("\xFF"),
                                      con(kGet).path("mqtt").path(topic("a")).query("c=\xFF\xFE"),
                                      con(kPut).path("mqtt").path(topic("a")).query("\xFF=\xFE").body("x")};
  for (const Message& request : wrong) EXPECT_EQ(client.request(request).klass(), 4U) << request.describe();
}

TEST_F(CoapResource, RFC7252_5_9_2_9_1_too_large_says_how_large) {
  start({"coap.max_body_size=2000"});
  if (IsSkipped()) return;
  Endpoint client = node();
  const std::string body = long_text(4000);
  const Message refused = client.request(slice(put(topic("a"), ""), body, 0, 6).with(kSize1, 4000U));
  EXPECT_EQ(refused.code, kTooLarge);
  EXPECT_EQ(refused.number(kSize1), 2000U) << refused.describe();
}

}  // namespace
}  // namespace sluice::test

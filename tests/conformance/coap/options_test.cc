// SPDX-License-Identifier: Apache-2.0
// RFC 7252, 5.4, 5.7.2 and 5.10: options that are unknown, too long, repeated, out of place; proxying.
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

struct Extra {
  std::string_view what;
  std::vector<std::pair<unsigned, Bytes>> options;
};

class CoapOptions : public CoapTest {
 protected:
  [[nodiscard]] Message put_with(const Extra& extra, std::string_view payload) const {
    Message message = put(topic("a"), payload);
    message.options.insert(message.options.end(), extra.options.begin(), extra.options.end());
    return message;
  }
  /// 4.02 for a CON, a reset or nothing for a NON, and nothing is done.
  void expect_bad_option(const std::vector<Extra>& table) {
    Client subscriber = watcher(topic("a"));
    Endpoint client = node();
    for (const Extra& extra : table) {
      SCOPED_TRACE(extra.what);
      client.request(put_with(extra, "never"), kBadOption);
      const Message unconfirmed_one = unconfirmed(put_with(extra, "never")).identified(client.fresh_mid()).tokened("t");
      client.expect_ignored(datagram(unconfirmed_one), unconfirmed_one.mid);
    }
    client.request(put(topic("a"), "at last"), kChanged);
    subscriber.take(topic("a"), "at last");
  }
  /// The request is done as if the options were not there.
  void expect_ignored_option(const std::vector<Extra>& table) {
    Client subscriber = watcher(topic("a"));
    Endpoint client = node();
    for (const Extra& extra : table) {
      SCOPED_TRACE(extra.what);
      client.request(put_with(extra, "confirmed"), kChanged);
      client.request(unconfirmed(put_with(extra, "unconfirmed")), kChanged);
      subscriber.take(topic("a"), "confirmed");
      subscriber.take(topic("a"), "unconfirmed");
    }
  }
};

TEST_F(CoapOptions, RFC7252_5_4_1_1_unknown_elective_options_are_ignored) {
  expect_ignored_option({{"10", {{10, ""}}},
                         {"50, twice", {{50, "a"}, {50, "b"}}},
                         {"2050, long", {{2050, Bytes(500, 'x')}}},
                         {"65000", {{65'000, "x"}}},
                         {"65534", {{65'534, "x"}}}});
}

TEST_F(CoapOptions, RFC7252_5_4_1_2_RFC7252_5_4_1_5_unknown_critical_options_are_refused) {
  expect_bad_option({{"9", {{9, ""}}},
                     {"21", {{21, "x"}}},
                     {"2049, long", {{2049, Bytes(500, 'x')}}},
                     {"65535", {{65'535, "x"}}},
                     {"an elective and a critical one", {{50, "x"}, {51, "x"}}}});
}

TEST_F(CoapOptions, RFC7252_5_4_1_3_RFC7252_5_5_2_1_RFC7252_5_9_2_1_diagnostic_says_which_option) {
  Endpoint client = node();
  const Message refused = client.request(get(topic("a")).with(2049, "x"), kBadOption);
  EXPECT_FALSE(refused.has(kContentFormat));
  EXPECT_NE(refused.payload.find("2049"), std::string::npos) << refused.describe();
}

TEST_F(CoapOptions, RFC7252_5_4_3_1_critical_options_of_a_wrong_length_are_refused) {
  expect_bad_option({{"If-Match of 9 bytes", {{kIfMatch, Bytes(9, 'e')}}},
                     {"Uri-Host of 0 bytes", {{kUriHost, ""}}},
                     {"Uri-Host of 256 bytes", {{kUriHost, Bytes(256, 'h')}}},
                     {"If-None-Match of 1 byte", {{kIfNoneMatch, "x"}}},
                     {"Uri-Port of 3 bytes", {{kUriPort, Bytes("\0\x16\x33", 3)}}},
                     {"Uri-Path of 256 bytes", {{kUriPath, Bytes(256, 'p')}}},
                     {"Uri-Query of 256 bytes", {{kUriQuery, Bytes(256, 'q')}}},
                     {"Accept of 3 bytes", {{kAccept, Bytes(3, '\0')}}},
                     {"Block2 of 4 bytes", {{kBlock2, Bytes(4, '\0')}}},
                     {"Block1 of 4 bytes", {{kBlock1, Bytes(4, '\0')}}},
                     {"Proxy-Uri of 0 bytes", {{kProxyUri, ""}}},
                     {"Proxy-Scheme of 0 bytes", {{kProxyScheme, ""}}}});
}

TEST_F(CoapOptions, RFC7252_5_4_3_1_elective_options_of_a_wrong_length_are_ignored) {
  expect_ignored_option({{"ETag of 0 bytes", {{kETag, ""}}},
                         {"ETag of 9 bytes", {{kETag, Bytes(9, 'e')}}},
                         {"Observe of 4 bytes", {{kObserve, Bytes(4, '\0')}}},
                         {"Content-Format of 3 bytes", {{kContentFormat, Bytes(3, '\x01')}}},
                         {"Max-Age of 5 bytes", {{kMaxAge, Bytes(5, '\x01')}}},
                         {"Size2 of 5 bytes", {{kSize2, Bytes(5, '\x01')}}},
                         {"Size1 of 5 bytes", {{kSize1, Bytes(5, '\xFF')}}},
                         {"Echo of 0 bytes", {{kEcho, ""}}},
                         {"Echo of 41 bytes", {{kEcho, Bytes(41, 'e')}}},
                         {"No-Response of 2 bytes", {{kNoResponse, Bytes("\0\x1A", 2)}}},
                         {"Request-Tag of 9 bytes", {{kRequestTag, Bytes(9, 't')}}}});
}

TEST_F(CoapOptions, RFC7252_5_4_3_1_observe_of_a_wrong_length_does_not_register) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  const Message response = client.request(get(topic("a")).with(kObserve, Bytes(4, '\0')).tokened("watch"), kContent);
  EXPECT_FALSE(response.has(kObserve));
  join().publish(topic("a"), "news", 1);
  client.expect_silence_before(get(topic("a")));
}

TEST_F(CoapOptions, RFC7252_5_4_5_2_RFC7959_2_1_2_critical_option_too_many_is_refused) {
  expect_bad_option({{"Uri-Host", {{kUriHost, "h"}, {kUriHost, "h"}}},
                     {"If-None-Match", {{kIfNoneMatch, ""}, {kIfNoneMatch, ""}}},
                     {"Uri-Port", {{kUriPort, "\x16\x33"}, {kUriPort, "\x16\x33"}}},
                     {"Accept", {{kAccept, ""}, {kAccept, ""}}},
                     {"Block2", {{kBlock2, "\x06"}, {kBlock2, "\x06"}}},
                     {"Block1", {{kBlock1, "\x06"}, {kBlock1, "\x06"}}}});
}

TEST_F(CoapOptions, RFC7252_5_4_5_2_RFC7252_5_4_5_1_RFC7959_4_4_elective_option_too_many_is_ignored) {
  expect_ignored_option({{"Content-Format", {{kContentFormat, ""}, {kContentFormat, "\x32"}}},
                         {"Size1", {{kSize1, "\x01"}, {kSize1, Bytes(4, '\xFF')}}},
                         {"No-Response", {{kNoResponse, ""}, {kNoResponse, "\x1A"}}}});
  Endpoint client = node();
  const Message first = client.request(get(topic("a")).with(kObserve, 0U).with(kObserve, 1U).tokened("watch"));
  EXPECT_TRUE(first.has(kObserve)) << "the first Observe counts: " << first.describe();
  join().publish(topic("a"), "news", 1);
  client.take("watch", "news");
}

TEST_F(CoapOptions, RFC7252_5_4_1_options_that_a_method_does_not_know) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const Message put_response = client.request(put(topic("a"), "x").with(kObserve, 0U).tokened("watch"), kChanged);
  EXPECT_FALSE(put_response.has(kObserve));
  client.request(put(topic("a"), "y").with(kETag, "etag").with(kMaxAge, 5U).with(kLocationPath, "elsewhere"), kChanged);
  subscriber.take(topic("a"), "x");
  subscriber.take(topic("a"), "y");
  client.expect_silence_before(get(topic("b")));
}

TEST_F(CoapOptions, RFC7252_5_4_4_2_uri_host_and_port_and_their_absence_are_the_same) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  const std::uint16_t port = broker().port("coap:udp:1");
  for (const Extra& extra : std::vector<Extra>{{"none", {}},
                                               {"address", {{kUriHost, "127.0.0.1"}}},
                                               {"name", {{kUriHost, "localhost"}}},
                                               {"port", {{kUriPort, uint_bytes(port)}}},
                                               {"both", {{kUriHost, "127.0.0.1"}, {kUriPort, uint_bytes(port)}}}}) {
    SCOPED_TRACE(extra.what);
    Message message = get(topic("a"));
    message.options.insert(message.options.end(), extra.options.begin(), extra.options.end());
    EXPECT_EQ(client.request(message, kContent).payload, "kept");
  }
}

TEST_F(CoapOptions, RFC7252_5_7_2_1_RFC7252_5_10_2_2_RFC7252_5_10_2_3_the_server_is_no_proxy) {
  Client subscriber = watcher(topic("a"));
  Endpoint client = node();
  const std::vector<Extra> table = {
      {"Proxy-Uri", {{kProxyUri, "coap://192.0.2.1/x"}}},
      {"Proxy-Uri of HTTP", {{kProxyUri, "http://192.0.2.1/x"}}},
      {"Proxy-Scheme with a host", {{kProxyScheme, "coap"}, {kUriHost, "192.0.2.1"}}},
      {"Proxy-Scheme with a host and a port", {{kProxyScheme, "http"}, {kUriHost, "192.0.2.1"}, {kUriPort, "\x50"}}}};
  for (const Extra& extra : table) {
    SCOPED_TRACE(extra.what);
    // Proxy-Uri goes before Uri-Path, which names a topic here.
    client.request(put_with(extra, "never"), kNoProxying);
    client.request(unconfirmed(put_with(extra, "never")), kNoProxying);
  }
  client.request(put(topic("a"), "at last"), kChanged);
  subscriber.take(topic("a"), "at last");
}

TEST_F(CoapOptions, RFC7252_5_7_2_2_proxy_request_for_the_server_itself_is_local_or_refused) {
  retain(topic("a"), "kept");
  Endpoint client = node();
  const std::string here = "127.0.0.1:" + std::to_string(broker().port("coap:udp:1"));
  const Message whole =
      client.request(con(kGet).with(kProxyUri, "coap://" + here + "/mqtt/" + topic("a") + "?c=" + id("node")));
  EXPECT_TRUE(whole.code == kNoProxying || (whole.code == kContent && whole.payload == "kept")) << whole.describe();
  const Message parts = client.request(get(topic("a")).with(kProxyScheme, "coap"));
  EXPECT_TRUE(parts.code == kNoProxying || (parts.code == kContent && parts.payload == "kept")) << parts.describe();
}

TEST_F(CoapOptions, RFC7252_5_10_1_1_path_segments_are_taken_as_they_are) {
  // No percent-decoding, no cleaning of the path: the segments are the levels of the topic.
  Client subscriber = join();
  subscriber.subscribe(id("x") + "/#", 1);
  Endpoint client = node();
  const auto put_segments = [&](std::initializer_list<std::string_view> segments) {
    Message message = con(kPut).path("mqtt").with(kUriPath, id("x"));
    for (const std::string_view segment : segments) message.with(kUriPath, segment);
    return message.query("c=" + id("node")).body("y");
  };
  client.request(put_segments({"%41"}), kChanged);
  subscriber.take(id("x") + "/%41", "y");
  client.request(put_segments({"", "a b", "\xC3\xA4"}), kChanged);
  subscriber.take(id("x") + "//a b/\xC3\xA4", "y");
  client.request(put_segments({"trailing", ""}), kChanged);
  subscriber.take(id("x") + "/trailing/", "y");
}

}  // namespace
}  // namespace sluice::test

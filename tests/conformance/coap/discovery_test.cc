// SPDX-License-Identifier: Apache-2.0
// RFC 7252, chapter 7, RFC 6690 and RFC 7641, chapter 6: /.well-known/core.
#include <algorithm>
#include <map>

#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {
namespace {

using namespace coap;

struct Link {
  std::string target;
  std::vector<std::pair<std::string, std::string>> attributes;
};

/// Link-value *( "," link-value ) with quoted and bare attribute values [RFC 6690, 2]. Throws ScriptError.
class Links {
 public:
  static std::vector<Link> read(const Message& response) { return read(response.payload); }
  static std::vector<Link> read(std::string_view payload) { return Links(payload).all(); }

 private:
  explicit Links(std::string_view text) : text_(text) {}

  std::vector<Link> all() {
    std::vector<Link> links;
    if (text_.empty()) return links;
    links.push_back(one());
    while (!text_.empty()) {
      take(',');
      links.push_back(one());
    }
    return links;
  }
  Link one() {
    take('<');
    Link link{.target = until(">"), .attributes = {}};
    take('>');
    while (text_.starts_with(';')) {
      take(';');
      const std::string name = until("=;,");
      if (name.empty()) throw ScriptError("an attribute without name");
      link.attributes.emplace_back(name, text_.starts_with('=') ? value() : "");
    }
    return link;
  }
  std::string value() {
    take('=');
    if (!text_.starts_with('"')) return until(";,");
    take('"');
    const std::string quoted = until("\"");
    take('"');
    return quoted;
  }
  std::string until(std::string_view ends) {
    const std::string part(text_.substr(0, text_.find_first_of(ends)));
    text_.remove_prefix(part.size());
    return part;
  }
  void take(char c) {
    if (!text_.starts_with(c)) throw ScriptError("expected '" + std::string(1, c) + "' before: " + std::string(text_));
    text_.remove_prefix(1);
  }

  std::string_view text_;
};

class CoapDiscovery : public CoapTest {
 protected:
  static Message core() { return con(kGet).path(".well-known/core"); }
  static std::vector<std::string> targets(const Message& response) {
    std::vector<std::string> names;
    for (const Link& link : Links::read(response)) names.push_back(link.target);
    return names;
  }
  static bool lists(const Message& response, std::string_view target) {
    const std::vector<std::string> names = targets(response);
    return std::ranges::find(names, target) != names.end();
  }
};

TEST_F(CoapDiscovery, RFC7252_7_2_1_RFC6690_4_1_RFC6690_2_1_links_of_the_server) {
  Endpoint client = node();
  const Message response = client.request(core(), kContent);
  EXPECT_EQ(response.number(kContentFormat), 40U);
  EXPECT_TRUE(lists(response, "/mqtt")) << response.payload;
  EXPECT_TRUE(lists(response, "/ps")) << response.payload;
  for (const std::string& target : targets(response)) {
    EXPECT_TRUE(target.starts_with('/') || target.find("://") != std::string::npos) << target;
  }
}

TEST_F(CoapDiscovery, RFC7252_7_2_1_1_RFC6690_3_1_1_RFC6690_3_2_1_RFC6690_3_3_1_RFC7641_6_1_attributes) {
  Endpoint client = node();
  client.request(con(kPut).path("ps").path(id("made")).query("c=" + id("node")).with(kContentFormat, 42U).body("x"));
  for (const Link& link : Links::read(client.request(core(), kContent))) {
    SCOPED_TRACE(link.target);
    std::map<std::string, int> count;
    for (const auto& [name, value] : link.attributes) {
      ++count[name];
      if (name != "ct") continue;
      std::size_t at = 0;
      while (at < value.size()) {
        const std::size_t end = std::min(value.find(' ', at), value.size());
        const std::string number = value.substr(at, end - at);
        EXPECT_EQ(number.find_first_not_of("0123456789"), std::string::npos) << value;
        EXPECT_LE(std::stoul(number), 65'535U);
        at = end + 1;
      }
      EXPECT_FALSE(value.empty());
    }
    for (const char* once : {"rt", "if", "sz", "ct", "obs"}) EXPECT_LE(count[once], 1) << once;
  }
}

TEST_F(CoapDiscovery, RFC6690_4_1_1_filter) {
  Endpoint client = node();
  const Message all = client.request(core(), kContent);
  const Message one = client.request(core().query("href=/mqtt"), kContent);
  EXPECT_EQ(targets(one), std::vector<std::string>{"/mqtt"});
  EXPECT_TRUE(lists(client.request(core().query("href=/mq*"), kContent), "/mqtt"));
  EXPECT_FALSE(lists(client.request(core().query("href=/mq*"), kContent), "/ps"));
  EXPECT_EQ(targets(client.request(core().query("href=*"), kContent)), targets(all));
}

TEST_F(CoapDiscovery, RFC6690_4_1_2_filter_that_fits_nothing) {
  Endpoint client = node();
  for (const std::string& filter : {"rt=" + id("nothing"), std::string("href=/nothing"), std::string("if=x*")}) {
    EXPECT_EQ(client.request(core().query(filter), kContent).payload, "") << filter;
  }
}

TEST_F(CoapDiscovery, RFC6690_4_1_topics_for_a_client_that_says_who_it_is) {
  Endpoint client = node();
  const std::string who = "c=" + id("node");
  for (int i = 0; i < 30; ++i) {
    client.request(
        con(kPut).path("ps").path(id("made") + std::to_string(i)).query(who).with(kContentFormat, 42U).body("x"));
  }
  const std::string ours = "href=/ps/" + id("made") + "*";
  const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
  const Message mine = core().query(who).query(ours);
  const std::string whole = download(mine, ask(Message(mine).block2(0, 0)), ask).body;
  EXPECT_EQ(Links::read(whole).size(), 30U) << whole;
  EXPECT_EQ(download(mine, ask(Message(mine).block2(0, 6)), ask).body, whole);
  EXPECT_EQ(targets(ask(core().query(ours))), std::vector<std::string>());
  EXPECT_TRUE(lists(ask(core().query(who).query("href=/mqtt")), "/mqtt"));
  client.request(Message(mine).with(kAccept, 50U), kNotAcceptable);
  ask(core().query("c="));  // says nothing of itself
}

TEST_F(CoapDiscovery, RFC7252_7_2_1_links_come_in_blocks_too) {
  Endpoint client = node();
  const std::string whole = client.request(core(), kContent).payload;
  const auto ask = [&](Message m) { return client.request(std::move(m), kContent); };
  EXPECT_EQ(download(core(), ask(core().block2(0, 0)), ask).body, whole);
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Input: lines; "?topic" is matched, anything else is a filter that comes or, if it is there, goes. The router, the
// retained index and matching one by one must agree on every topic.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/retainer/retainer.h"
#include "broker/router/router.h"

namespace {

using namespace sluice;

constexpr SessionRef kSession{1, 1};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class Model {
 public:
  void filter(std::string_view text) {
    const auto parsed = router::parse_filter(text);
    if (!parsed) return;
    require(router::to_text(*parsed) == text, "text of a parsed filter");
    if (filters_.erase(std::string(text)) == 1) {
      require(router_.unsubscribe(kSession, *parsed), "unsubscribe what is there");
    } else {
      require(!router_.subscribe(kSession, *parsed, {}, 0).replaced, "subscribe what is not there");
      filters_.emplace(text);
    }
    require(router_.stats().subscriptions == filters_.size(), "number of subscriptions");
    check_retained(parsed->filter);
  }

  void topic(std::string_view name) {
    if (router::check_topic_name(name)) return;
    router_.match(0, name, {}, matches_);
    std::set<std::string> expected;
    for (const std::string& text : filters_) {
      router::ParsedFilter parsed = router::parse_filter(text).value();
      if (!router::matches(parsed.filter, name)) continue;
      if (parsed.shared) parsed.local = false;  // both are members of one group, which yields one match
      expected.insert(router::to_text(parsed));
    }
    require(matches_.size() == expected.size(), "number of matches");
    const std::byte payload[1]{};
    MessageParts parts;
    parts.topic = name;
    parts.payload = payload;
    retainer_.store(Message::create(parts), 0);
    topics_.emplace(name);
  }

  void end() {
    for (const std::string& text : filters_) router_.unsubscribe(kSession, *router::parse_filter(text));
    require(router_.stats().routes == 0, "everything is removed");
  }

 private:
  void check_retained(std::string_view filter) {
    std::size_t expected = 0;
    for (const std::string& topic : topics_) expected += router::matches(filter, topic) ? 1U : 0U;
    retainer::LookupCursor cursor;
    std::vector<MessagePtr> found;
    while (!cursor.done) retainer_.lookup(filter, 0, cursor, 2, found);
    require(found.size() == expected, "number of retained messages");
  }

  router::Router router_{{}};
  retainer::RamRetainedStore store_;
  retainer::Retainer retainer_{{}, store_};
  std::set<std::string> filters_;
  std::set<std::string> topics_;
  std::vector<router::Match> matches_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Model model;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (line.starts_with('?')) {
      model.topic(line.substr(1));
    } else {
      model.filter(line);
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  model.end();
  return 0;
}

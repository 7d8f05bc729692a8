// SPDX-License-Identifier: Apache-2.0
#include "broker/retainer/retained_index.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/router/topic_rules.h"
#include "shared/base/text_hash.h"

namespace sluice::retainer {
namespace {

MessagePtr message(std::string_view topic) {
  const std::byte payload[1]{};
  MessageParts parts;
  parts.topic = topic;
  parts.payload = payload;
  return Message::create(parts);
}

class RetainedIndexTest : public testing::Test {
 protected:
  void put(const std::string& topic, UnixMillis expires_at = 0) {
    index_.insert(hash_(topic), {message(topic), expires_at});
    topics_.insert(topic);
  }
  void erase(const std::string& topic) {
    EXPECT_NE(index_.erase(hash_(topic), topic), nullptr);
    topics_.erase(topic);
  }
  std::multiset<std::string> scan(std::string_view filter, std::size_t steps_each = 1000, UnixMillis now = 0) {
    std::multiset<std::string> found;
    IndexCursor cursor;
    for (bool end = false; !end;) {
      std::vector<MessagePtr> out;
      std::size_t steps = steps_each;
      end = index_.scan(filter, now, cursor, 3, steps, out);
      EXPECT_LE(out.size(), 3U);
      for (const MessagePtr& one : out) found.insert(std::string(one->topic()));
    }
    return found;
  }
  std::multiset<std::string> expected(std::string_view filter) {
    std::multiset<std::string> found;
    for (const std::string& topic : topics_) {
      if (router::matches(filter, topic)) found.insert(topic);
    }
    return found;
  }

  TextHash hash_;
  RetainedIndex index_;
  std::set<std::string> topics_;
};

using Found = std::multiset<std::string>;

TEST_F(RetainedIndexTest, WildcardsFindWhatTheyShould) {
  for (const char* topic : {"a", "a/b", "a/b/c", "a-b", "a b", "ab", "b/b", "/b", "/", "$SYS/b", "$SYS/x/b", "a//c"})
    put(topic);
  EXPECT_EQ(scan("a/#"), (Found{"a", "a/b", "a/b/c", "a//c"}));
  EXPECT_EQ(scan("+/b"), (Found{"a/b", "b/b", "/b"}));
  EXPECT_EQ(scan("+"), (Found{"a", "a-b", "a b", "ab"}));
  EXPECT_EQ(scan("a/+/c"), (Found{"a/b/c", "a//c"}));
  EXPECT_EQ(scan("$SYS/#"), (Found{"$SYS/b", "$SYS/x/b"}));
  EXPECT_EQ(scan("#"), expected("#"));
  EXPECT_EQ(scan("/+"), (Found{"/b", "/"}));
  EXPECT_EQ(scan("zzz/#"), Found{});
}

TEST_F(RetainedIndexTest, AgreesWithMatchingOneByOneUnderRandomChanges) {
  std::mt19937 random(5);
  const std::vector<std::string> words{"", "a", "ab", "a.b", "b", "$x", "\x01", "ü"};
  const auto text = [&](bool filter) {
    std::string made;
    const std::size_t levels = 1 + random() % 4;
    for (std::size_t i = 0; i < levels; ++i) {
      if (i > 0) made += '/';
      const std::size_t kind = random() % 8;
      if (filter && kind == 0 && i + 1 == levels) {
        made += '#';
      } else {
        made += filter && kind < 4 ? "+" : words[random() % words.size()];
      }
    }
    return made;
  };
  for (int i = 0; i < 4000; ++i) {
    const std::string topic = text(false);
    if (topic.empty()) continue;
    if (!topics_.contains(topic)) {
      put(topic);
    } else if (random() % 3 == 0) {
      erase(topic);
    }
    const std::string filter = text(true);
    if (!filter.empty()) {
      ASSERT_EQ(scan(filter, 1 + random() % 20), expected(filter)) << filter;
    }
    ASSERT_EQ(index_.size(), topics_.size());
  }
}

TEST_F(RetainedIndexTest, AScanGoesOnWhileTopicsComeAndGo) {
  for (int i = 0; i < 100; ++i) put("t/" + std::to_string(100 + i));
  IndexCursor cursor;
  std::multiset<std::string> found;
  for (int round = 0;; ++round) {
    std::vector<MessagePtr> out;
    std::size_t steps = 100;
    const bool end = index_.scan("t/+", 0, cursor, 10, steps, out);
    for (const MessagePtr& one : out) found.insert(std::string(one->topic()));
    if (end) break;
    if (round == 0) erase("t/110");  // where the scan would go on
    if (round == 1) put("t/000");    // behind the scan
  }
  EXPECT_EQ(found.size(), 99U);
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 99U);
}

TEST_F(RetainedIndexTest, AScanThatFindsNothingJumpsOverWhatCannotMatch) {
  for (int i = 0; i < 2000; ++i) put("x/" + std::to_string(i));
  for (int i = 0; i < 2000; ++i) put("z/" + std::to_string(i) + "/v");
  put("y/q");
  std::size_t steps = 1000;
  std::vector<MessagePtr> out;
  IndexCursor cursor;
  EXPECT_TRUE(index_.scan("+/q", 0, cursor, 10, steps, out));
  EXPECT_EQ(out.size(), 1U);
  EXPECT_GT(steps, 900U);
}

TEST_F(RetainedIndexTest, ExpiredOnesAreNotFoundAndAreListedForRemoval) {
  put("a/never");
  put("a/early", 100);
  put("a/late", 200);
  EXPECT_EQ(scan("a/#", 100, 99).size(), 3U);
  EXPECT_EQ(scan("a/#", 100, 100), (Found{"a/never", "a/late"}));
  std::vector<MessagePtr> expired;
  EXPECT_LT(index_.find_expired(150, 10, expired), 10U);
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(expired.front()->topic(), "a/early");
}

}  // namespace
}  // namespace sluice::retainer

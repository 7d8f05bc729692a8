// SPDX-License-Identifier: Apache-2.0
#include "broker/router/topic_trie.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::router {
namespace {

class TopicTrieTest : public testing::Test {
 protected:
  void add(const std::string& filter) {
    const auto place = trie_.insert(filter);
    trie_.at(place) = next_;
    ids_[filter] = next_++;
  }
  void remove(const std::string& filter) {
    trie_.erase(trie_.find(filter));
    ids_.erase(filter);
  }
  std::multiset<std::string> match(std::string_view topic) {
    std::multiset<std::string> found;
    visits_ = trie_.match(topic, [&](FilterId id) {
      for (const auto& [filter, known] : ids_) {
        if (known == id) found.insert(filter);
      }
    });
    return found;
  }
  std::multiset<std::string> expected(std::string_view topic) {
    std::multiset<std::string> all;
    for (const auto& [filter, id] : ids_) {
      if (matches(filter, topic)) all.insert(filter);
    }
    return all;
  }

  TextHash hash_;
  TopicTrie trie_{hash_};
  std::map<std::string, FilterId> ids_;
  FilterId next_ = 1;
  std::size_t visits_ = 0;
};

using Found = std::multiset<std::string>;

TEST_F(TopicTrieTest, HashMatchesTheParentLevel) {
  add("a/b/#");
  EXPECT_EQ(match("a/b"), Found{"a/b/#"});
  EXPECT_EQ(match("a/b/c/d"), Found{"a/b/#"});
  EXPECT_EQ(match("a"), Found{});
}

TEST_F(TopicTrieTest, MQTT_4_7_2_1_LeadingWildcardsLeaveDollarTopicsAlone) {
  for (const char* filter : {"#", "+/x", "+/#", "$SYS/#", "$SYS/+"}) add(filter);
  EXPECT_EQ(match("$SYS/x"), (Found{"$SYS/#", "$SYS/+"}));
  EXPECT_EQ(match("y/x"), (Found{"#", "+/x", "+/#"}));
}

TEST_F(TopicTrieTest, EmptyLevelsAreLevels) {
  for (const char* filter : {"/+", "+/+", "a//#", "+"}) add(filter);
  EXPECT_EQ(match("/x"), (Found{"/+", "+/+"}));
  EXPECT_EQ(match("a//"), Found{"a//#"});
  EXPECT_EQ(match("/"), (Found{"/+", "+/+"}));
}

TEST_F(TopicTrieTest, AgreesWithMatchingOneByOneUnderRandomChanges) {
  std::mt19937 random(11);
  const std::vector<std::string> words{"", "a", "b", "$x", "a level longer than is kept in place"};
  const auto text = [&](bool filter) {
    std::string made;
    const std::size_t levels = 1 + random() % 5;
    for (std::size_t i = 0; i < levels; ++i) {
      if (i > 0) made += '/';
      const std::size_t kind = random() % 8;
      if (filter && kind == 0 && i + 1 == levels) {
        made += '#';
      } else {
        made += filter && kind < 3 ? "+" : words[random() % words.size()];
      }
    }
    return made;
  };
  for (int i = 0; i < 3000; ++i) {
    const std::string filter = text(true);
    if (filter.empty()) continue;
    if (!ids_.contains(filter)) {
      add(filter);
    } else {
      remove(filter);
    }
    if (std::string topic = text(false); !topic.empty()) {
      ASSERT_EQ(match(topic), expected(topic)) << topic;
    }
  }
  for (const auto& [filter, id] : ids_) {
    EXPECT_EQ(trie_.at(trie_.find(filter)), id);
    EXPECT_EQ(trie_.text(trie_.find(filter)), filter);
  }
  for (const auto& [filter, id] : std::map(ids_)) remove(filter);
  match("a/b/a/b");
  EXPECT_EQ(visits_, 1U) << "nothing is left below the root";
}

TEST_F(TopicTrieTest, DeepTopicsAndFilters) {
  std::string deep = "a";
  for (std::size_t i = 1; i < kTopicLevelsCeiling; ++i) deep += "/a";
  const std::string shorter = deep.substr(0, deep.size() - 2);
  add(shorter + "/+");
  add(shorter + "/#");
  EXPECT_EQ(match(deep), (Found{shorter + "/+", shorter + "/#"}));
  EXPECT_EQ(match(deep + "/a"), Found{shorter + "/#"}) << "more levels than any filter can have";
  EXPECT_EQ(match(std::string(65535, '/')), Found{});
}

TEST_F(TopicTrieTest, WorkIsBoundedByTheTreeAndByTheLevelsOfTheTopic) {
  // All 2^10 mixes of 'a' and '+', none of which matches in the end.
  for (unsigned bits = 0; bits < 1024; ++bits) {
    std::string filter;
    for (unsigned level = 0; level < 10; ++level) filter += (bits >> level & 1) != 0 ? "a/" : "+/";
    add(filter + "z");
  }
  EXPECT_EQ(match("a/a/a/a/a/a/a/a/a/a/y"), Found{});
  EXPECT_LE(visits_, 2047U) << "each node at most once";
  EXPECT_EQ(match("a/a/a"), Found{});
  EXPECT_LE(visits_, 15U) << "a topic of three levels sees three levels of the tree";
}

}  // namespace
}  // namespace sluice::router

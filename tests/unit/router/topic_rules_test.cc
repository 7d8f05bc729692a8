// SPDX-License-Identifier: Apache-2.0
#include "broker/router/topic_rules.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::router {
namespace {

ErrorCode filter_error(std::string_view text, std::size_t levels = kDefaultTopicLevels) {
  const auto parsed = parse_filter(text, levels);
  return parsed ? ErrorCode() : parsed.error();
}

TEST(TopicRules, NamesThatMayBePublishedTo) {
  for (const char* name : {"a", "/", "//", "a/b", "/a", "a/", "$SYS/x", " ", "Zürich/α", "$share"}) {
    EXPECT_FALSE(check_topic_name(name)) << name;
  }
}

TEST(TopicRules, Names_MQTT_4_7_3_1_EmptyIsRefused) { EXPECT_EQ(check_topic_name(""), TopicError::Empty); }

TEST(TopicRules, Names_MQTT_4_7_0_1_NoWildcards) {
  for (const char* name : {"+", "#", "a/+", "a/#", "a+b", "a#"}) {
    EXPECT_EQ(check_topic_name(name), TopicError::WildcardInName) << name;
  }
}

TEST(TopicRules, MQTT_4_7_3_2_NoNullCharacter) {
  EXPECT_EQ(check_topic_name(std::string_view("a\0b", 3)), TopicError::NullCharacter);
  EXPECT_EQ(filter_error(std::string_view("a\0/#", 4)), TopicError::NullCharacter);
}

TEST(TopicRules, MQTT_4_7_3_3_AtMost65535Bytes) {
  EXPECT_FALSE(check_topic_name(std::string(65535, 'a')));
  EXPECT_EQ(check_topic_name(std::string(65536, 'a')), TopicError::TooLong);
  EXPECT_EQ(filter_error(std::string(65536, 'a')), TopicError::TooLong);
}

TEST(TopicRules, LevelsAreLimited) {
  EXPECT_FALSE(check_topic_name("a/b/c", 3));
  EXPECT_EQ(check_topic_name("a/b/c/", 3), TopicError::TooManyLevels);
  EXPECT_EQ(filter_error("a/b/#", 2), TopicError::TooManyLevels);
  EXPECT_EQ(check_topic_name(std::string(65535, '/')), TopicError::TooManyLevels);
  EXPECT_FALSE(filter_error("$share/g/a/b", 2)) << "the prefix is not counted";
}

TEST(TopicRules, MQTT_4_7_1_1_HashOnlyAsLastLevel) {
  for (const char* filter : {"#", "a/#", "+/#", "/#", "$SYS/#"}) EXPECT_FALSE(filter_error(filter)) << filter;
  EXPECT_EQ(filter_error("a/#/b"), TopicError::HashNotLast);
  EXPECT_EQ(filter_error("#/"), TopicError::HashNotLast);
  for (const char* filter : {"a#", "a/b#", "##", "a/#b", "+#"}) {
    EXPECT_EQ(filter_error(filter), TopicError::HashInLevel) << filter;
  }
}

TEST(TopicRules, MQTT_4_7_1_2_PlusFillsItsLevel) {
  for (const char* filter : {"+", "+/+", "a/+/b", "/+", "+/", "+//+"}) EXPECT_FALSE(filter_error(filter)) << filter;
  for (const char* filter : {"a+", "+a", "++", "a/b+/c"}) {
    EXPECT_EQ(filter_error(filter), TopicError::PlusInLevel) << filter;
  }
}

TEST(TopicRules, PrefixesAreTakenOff) {
  EXPECT_EQ(parse_filter("a/b").value(), (ParsedFilter{"a/b", "", false, false}));
  EXPECT_EQ(parse_filter("$share/g/a/+").value(), (ParsedFilter{"a/+", "g", true, false}));
  EXPECT_EQ(parse_filter("$share/g//").value(), (ParsedFilter{"/", "g", true, false}));
  EXPECT_EQ(parse_filter("$queue/a/#").value(), (ParsedFilter{"a/#", "", true, false}));
  EXPECT_EQ(parse_filter("$local/a").value(), (ParsedFilter{"a", "", false, true}));
  EXPECT_EQ(parse_filter("$local/$share/g/a").value(), (ParsedFilter{"a", "g", true, true}));
  EXPECT_EQ(parse_filter("$SYS/brokers").value(), (ParsedFilter{"$SYS/brokers", "", false, false}));
  EXPECT_EQ(parse_filter("$share").value(), (ParsedFilter{"$share", "", false, false}));
}

TEST(TopicRules, MQTT_4_8_2_1_ShareNameIsNotEmpty) {
  EXPECT_EQ(filter_error("$share//a"), TopicError::ShareNameInvalid);
  EXPECT_EQ(filter_error("$share/"), TopicError::ShareNameInvalid);
}

TEST(TopicRules, MQTT_4_8_2_2_ShareNameHasNoWildcardAndAFilterFollows) {
  for (const char* filter : {"$share/g", "$share/g/", "$share/+/a", "$share/g#/a", "$share/a+b/c"}) {
    EXPECT_EQ(filter_error(filter), TopicError::ShareNameInvalid) << filter;
  }
  EXPECT_EQ(filter_error("$queue/"), TopicError::Empty);
  EXPECT_EQ(filter_error("$local/"), TopicError::Empty);
}

TEST(TopicRules, PrefixesStandOnceAndInOrder) {
  for (const char* filter : {"$local/$local/a", "$queue/$queue/a", "$share/g/$queue/a", "$queue/$share/g/a",
                             "$queue/$local/a", "$share/g/$local/a"}) {
    EXPECT_EQ(filter_error(filter), TopicError::PrefixMisplaced) << filter;
  }
}

TEST(TopicRules, TextIsTheInverseOfParsing) {
  for (const char* filter : {"a/b", "$share/g/a/#", "$queue/+", "$local/x", "$local/$share/g/a", "$local/$queue/a"}) {
    EXPECT_EQ(to_text(parse_filter(filter).value()), filter);
  }
}

TEST(TopicRules, ErrorsNameTheirClause) {
  EXPECT_NE(make_error_code(TopicError::HashNotLast).message().find("[MQTT-4.7.1-1]"), std::string::npos);
  EXPECT_NE(make_error_code(TopicError::ShareNameInvalid).message().find("[MQTT-4.8.2-2]"), std::string::npos);
}

struct MatchCase {
  const char* filter;
  const char* topic;
  bool expected;
};

TEST(TopicRules, Matching) {
  const MatchCase cases[] = {
      {"a/b", "a/b", true},       {"a/b", "a/B", false},      {"a/b", "/a/b", false},   {"a", "a/", false},
      {"a/#", "a", true},         {"a/#", "a/", true},        {"a/#", "a/b/c", true},   {"a/#", "ab", false},
      {"#", "a/b", true},         {"#", "/", true},           {"+", "a", true},         {"+", "/a", false},
      {"/+", "/a", true},         {"+/+", "/a", true},        {"+/+", "/", true},       {"a/+", "a", false},
      {"a/+", "a/", true},        {"a/+", "a/b", true},       {"a/+", "a/b/c", false},  {"a/+/c", "a//c", true},
      {"+/b/#", "a/b", true},     {"+/b/#", "a/c", false},    {"#", "$SYS/x", false},   {"+/x", "$SYS/x", false},
      {"$SYS/#", "$SYS/x", true}, {"$SYS/+", "$SYS/x", true}, {"$SYS/#", "$SYS", true}, {"a/#", "a/$b", true},
      {"a/+", "a/$b", true},      {"a//b", "a/b", false},     {"+/+/+", "a/b", false},  {"a/b/#", "a", false},
  };
  for (const MatchCase& c : cases) EXPECT_EQ(matches(c.filter, c.topic), c.expected) << c.filter << " ~ " << c.topic;
}

}  // namespace
}  // namespace sluice::router

// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl.h"

#include <random>
#include <vector>

#include "broker/auth/acl_file.h"
#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

constexpr auto kPublish = Action::Publish;
constexpr auto kSubscribe = Action::Subscribe;

std::shared_ptr<const AclRules> rules(std::string_view text, bool nomatch_allow = true) {
  auto parsed = parse_acl(text);
  EXPECT_TRUE(parsed) << parsed.error().to_string("acl.conf");
  return std::make_shared<const AclRules>(*parsed, nomatch_allow, 1);
}

AclViewPtr view(const std::shared_ptr<const AclRules>& all, const AclSubject& who) {
  return new AclView(all, all->select(who));
}

bool check(std::string_view text, const AclSubject& who, Action action, std::string_view topic, bool nomatch = true) {
  return view(rules(text, nomatch), who)->check(action, topic, who);
}

TEST(Acl, TheShippedRulesDecideAsTheManualSays) {
  struct Case {
    AclSubject who;
    Action action;
    std::string_view topic;
    bool allowed;
  };
  const AclSubject local = subject("c", {}, "127.0.0.1");
  const AclSubject dashboard = subject("c", "dashboard");
  const AclSubject other = subject("c", "someone");
  const Case cases[] = {
      {local, kSubscribe, "#", true},
      {local, kSubscribe, "$SYS/#", true},
      {local, kPublish, "$SYS/x", true},
      {dashboard, kSubscribe, "$SYS/#", true},
      {dashboard, kSubscribe, "#", false},
      {dashboard, kSubscribe, "$SYS/brokers/+/version", true},
      {other, kSubscribe, "#", false},
      {other, kSubscribe, "$SYS/#", false},
      {other, kSubscribe, "$SYS/brokers", false},
      {other, kSubscribe, "$SYS/+/x", false},
      {other, kSubscribe, "a/#", true},
      {other, kSubscribe, "+/#", true},
      {other, kPublish, "a", true},
      {other, kPublish, "$SYS/x", true},
  };
  const auto all = rules(kDefaultAcl);
  for (const Case& each : cases) {
    EXPECT_EQ(view(all, each.who)->check(each.action, each.topic, each.who), each.allowed)
        << each.topic << ' ' << each.who.username.value_or("-");
  }
}

TEST(Acl, TheShippedRulesNeedNoWorkForAPublish) {
  const auto all = rules(kDefaultAcl);
  EXPECT_EQ(view(all, subject("c", {}, "127.0.0.1"))->constant(kPublish), AclVerdict::Allow);
  EXPECT_EQ(view(all, subject("c", {}, "192.0.2.1"))->constant(kPublish), AclVerdict::Allow);
  EXPECT_EQ(view(all, subject("c", {}, "192.0.2.1"))->constant(kSubscribe), AclVerdict::ByTopic);
  EXPECT_EQ(view(all, subject("c", {}, "127.0.0.1"))->constant(kSubscribe), AclVerdict::ByTopic);
  EXPECT_FALSE(view(all, subject("c", {}, "192.0.2.1"))->personal());
}

TEST(Acl, ConstantAnswers) {
  const auto constant = [](std::string_view text, bool nomatch, Action action) {
    return view(rules(text, nomatch), subject("me"))->constant(action);
  };
  EXPECT_EQ(constant("", true, kPublish), AclVerdict::Allow);
  EXPECT_EQ(constant("", false, kPublish), AclVerdict::Deny);
  EXPECT_EQ(constant("{deny, all}.{allow, all}.", true, kSubscribe), AclVerdict::Deny);
  EXPECT_EQ(constant("{allow, all, publish, [\"a\"]}.", true, kPublish), AclVerdict::Allow);
  EXPECT_EQ(constant("{allow, all, publish, [\"a\"]}.", false, kPublish), AclVerdict::ByTopic);
  EXPECT_EQ(constant("{allow, all, publish, [\"a\"]}.", false, kSubscribe), AclVerdict::Deny);
  EXPECT_EQ(constant("{deny, {client, \"you\"}, publish, [\"#\"]}.", true, kPublish), AclVerdict::Allow);
  EXPECT_EQ(constant("{deny, {client, \"me\"}, publish, [\"#\"]}.", true, kPublish), AclVerdict::ByTopic);
  EXPECT_EQ(constant("{deny, all, publish, []}.", true, kPublish), AclVerdict::Allow);
  EXPECT_EQ(constant("{allow, all, publish, [\"a\"]}.{deny, all}.", true, kPublish), AclVerdict::ByTopic);
}

TEST(Acl, AConstantViewAnswersCheckToo) {
  const AclSubject who = subject("c");
  EXPECT_TRUE(AclView(true, 0).check(kPublish, "a", who));
  EXPECT_FALSE(AclView(false, 0).check(kSubscribe, "a", who));
  EXPECT_FALSE(check("{deny, all}.", who, kPublish, "a"));
}

TEST(Acl, FirstMatchWinsAndNomatchDecidesTheRest) {
  constexpr std::string_view kText = R"({deny, all, publish, ["a/b"]}.{allow, all, publish, ["a/+"]}.)";
  for (const bool nomatch : {true, false}) {
    EXPECT_FALSE(check(kText, subject("c"), kPublish, "a/b", nomatch));
    EXPECT_TRUE(check(kText, subject("c"), kPublish, "a/c", nomatch));
    EXPECT_EQ(check(kText, subject("c"), kPublish, "b", nomatch), nomatch);
    EXPECT_EQ(check(kText, subject("c"), kSubscribe, "a/c", nomatch), nomatch);
  }
}

TEST(Acl, WhoMatches) {
  struct Case {
    std::string_view who;
    bool user_u, client_c, local, nobody;
  };
  const Case cases[] = {
      {R"(all)", true, true, true, true},
      {R"({user, all})", true, true, true, true},
      {R"({client, all})", true, true, true, true},
      {R"({user, "u"})", true, false, false, false},
      {R"({client, "c"})", false, true, false, false},
      {R"({ipaddr, "127.0.0.0/8"})", false, false, true, false},
      {R"({'or', [{user, "u"}, {client, "c"}]})", true, true, false, false},
      {R"({'and', [{user, "u"}, {client, "c"}]})", false, false, false, false},
      {R"({'and', [{user, "u"}, {client, "x"}]})", true, false, false, false},
      {R"({'or', [{'and', [{user, "u"}, {ipaddr, "127.0.0.1"}]}, {ipaddr, "127.0.0.1/32"}]})", false, false, true,
       false},
      {R"({user, ""})", false, false, false, false},
  };
  for (const Case& each : cases) {
    const std::string text = "{allow, " + std::string(each.who) + ", publish, [\"t\"]}.";
    EXPECT_EQ(check(text, subject("x", "u"), kPublish, "t", false), each.user_u) << text;
    EXPECT_EQ(check(text, subject("c", "v"), kPublish, "t", false), each.client_c) << text;
    EXPECT_EQ(check(text, subject("x", {}, "127.0.0.1"), kPublish, "t", false), each.local) << text;
    EXPECT_EQ(check(text, subject("x"), kPublish, "t", false), each.nobody) << text;
  }
}

TEST(Acl, TopicsMatch) {
  struct Case {
    std::string_view filter;
    std::string_view topic;
    bool matches;
  };
  const Case cases[] = {
      {"a/b", "a/b", true},       {"a/b", "a", false},      {"a", "a/b", false},      {"a/+", "a/b", true},
      {"a/+", "a", false},        {"a/+", "a/b/c", false},  {"a/+", "a/", true},      {"+", "a", true},
      {"+/+", "/a", true},        {"+", "/a", false},       {"#", "a/b/c", true},     {"a/#", "a", true},
      {"a/#", "a/b/c", true},     {"a/#", "ab", false},     {"#", "$SYS/x", false},   {"+/x", "$SYS/x", false},
      {"$SYS/#", "$SYS/x", true}, {"$SYS/#", "$SYS", true}, {"a/+/c", "a/b/c", true}, {"a/+/c", "a/b/d", false},
      {"/#", "/a", true},         {"/#", "a", false},       {"a//b", "a//b", true},   {"a/+/b", "a//b", true},
  };
  for (const Case& each : cases) {
    const AclTopic topic{AclTopic::Kind::Filter, false, std::string(each.filter)};
    for (const bool allow : {true, false}) {
      EXPECT_EQ(topic.matches(each.topic, subject("c"), allow), each.matches) << each.filter << ' ' << each.topic;
    }
  }
}

TEST(Acl, SubscribedFiltersMustBeCovered) {
  struct Case {
    std::string_view rule;
    std::string_view filter;
    bool allow;
    bool deny;
  };
  const Case cases[] = {
      {"a/+", "a/+", true, true},    {"a/#", "a/+", true, true},       {"a/#", "a/#", true, true},
      {"a/#", "#", false, false},    {"a/+", "a/#", false, true},      {"a/+", "#", false, false},
      {"+", "#", false, true},       {"#", "#", true, true},           {"#", "+/#", true, true},
      {"a/b", "a/+", false, false},  {"+/b", "a/b", true, true},       {"+/b", "+/b", true, true},
      {"#", "$SYS/#", false, false}, {"$SYS/#", "$SYS/#", true, true}, {"$SYS/#", "#", false, false},
  };
  for (const Case& each : cases) {
    const AclTopic topic{AclTopic::Kind::Filter, false, std::string(each.rule)};
    EXPECT_EQ(topic.matches(each.filter, subject("c"), true), each.allow) << each.rule << ' ' << each.filter;
    EXPECT_EQ(topic.matches(each.filter, subject("c"), false), each.deny) << each.rule << ' ' << each.filter;
  }
}

TEST(Acl, EqTakesItsTopicLiterally) {
  constexpr std::string_view kText = R"({deny, all, subscribe, [{eq, "#"}, {eq, "a/+"}, {eq, "%c"}]}.)";
  EXPECT_FALSE(check(kText, subject("c"), kSubscribe, "#"));
  EXPECT_FALSE(check(kText, subject("c"), kSubscribe, "a/+"));
  EXPECT_FALSE(check(kText, subject("c"), kSubscribe, "%c"));
  EXPECT_TRUE(check(kText, subject("c"), kSubscribe, "a/b"));
  EXPECT_TRUE(check(kText, subject("c"), kSubscribe, "c"));
  EXPECT_TRUE(check(kText, subject("c"), kSubscribe, "a/#"));
}

TEST(Acl, PlaceholdersStandForTheClient) {
  constexpr std::string_view kText = R"({allow, all, pubsub, ["u/%u/#", "c/%c", "%c/%u"]}.)";
  const auto allowed = [&](const AclSubject& who, std::string_view topic) {
    return check(kText, who, kPublish, topic, false);
  };
  const AclSubject me = subject("id", "name");
  EXPECT_TRUE(view(rules(kText, false), me)->personal());
  EXPECT_TRUE(allowed(me, "u/name"));
  EXPECT_TRUE(allowed(me, "u/name/x/y"));
  EXPECT_FALSE(allowed(me, "u/other"));
  EXPECT_TRUE(allowed(me, "c/id"));
  EXPECT_FALSE(allowed(me, "c/name"));
  EXPECT_TRUE(allowed(me, "id/name"));
  EXPECT_FALSE(allowed(me, "c/%c"));
  EXPECT_FALSE(allowed(subject("id"), "u/%u"));
  EXPECT_FALSE(allowed(subject("id"), "u/"));
  EXPECT_TRUE(allowed(subject("id", ""), "u/"));
}

TEST(Acl, NamesOfClientsAreNoWildcards) {
  constexpr std::string_view kText = R"({allow, all, pubsub, ["c/%c"]}.)";
  for (const std::string_view id : {"+", "#"}) {
    EXPECT_FALSE(check(kText, subject(id), kPublish, "c/x", false)) << id;
    EXPECT_FALSE(check(kText, subject(id), kSubscribe, "c/" + std::string(id), false)) << id;
  }
  EXPECT_FALSE(check(kText, subject("a/b"), kPublish, "c/a/b", false));
}

TEST(Acl, EqualChoicesAreEqualForClientsUnderTheSameRules) {
  const auto all = rules(kDefaultAcl);
  EXPECT_EQ(all->select(subject("a")), all->select(subject("b", "x")));
  EXPECT_EQ(all->select(subject("a")), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(all->select(subject("a", "dashboard", "127.0.0.1")), (std::vector<std::uint32_t>{0, 1, 2, 3}));
}

/// The definition, without any preparation: every rule, in order.
bool plainly(const AclRules& all, const AclSubject& who, Action action, std::string_view topic) {
  for (const AclRule& rule : all.all()) {
    if (rule.concerns(action) && rule.who.matches(who) && rule.matches_topic(topic, who)) return rule.allow;
  }
  return all.nomatch_allow();
}

TEST(Acl, AViewDecidesAsTheRulesDoOneByOne) {
  std::mt19937 random(7);
  const auto pick = [&](std::initializer_list<std::string_view> from) {
    return std::string(from.begin()[random() % from.size()]);
  };
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto i = random() % 6; i > 0; --i) {
      const std::string permit = pick({"allow", "deny"});
      if (random() % 8 == 0) {
        text += "{" + permit + ", all}.\n";
        continue;
      }
      const std::string who = pick({"all", "{user, \"u\"}", "{client, \"c\"}", "{ipaddr, \"127.0.0.1\"}",
                                    "{'or', [{user, \"u\"}, {client, \"d\"}]}", "{user, all}"});
      text += "{" + permit + ", " + who + ", " + pick({"publish", "subscribe", "pubsub"}) + ", [" +
              pick({"\"#\"", "\"a/+\", \"b\"", "{eq, \"#\"}", "\"%u\", \"%c\"", "", "\"a/#\""}) + "]}.\n";
    }
    const auto all = rules(text, random() % 2 == 0);
    for (const AclSubject& who : {subject("c"), subject("d", "u"), subject("c", "v", "127.0.0.1")}) {
      const AclViewPtr compiled = view(all, who);
      for (const Action action : {kPublish, kSubscribe}) {
        for (const std::string_view topic : {"a", "a/b", "b", "c", "u", "$x", "#", "a/#"}) {
          const bool expected = plainly(*all, who, action, topic);
          ASSERT_EQ(compiled->check(action, topic, who), expected) << text << topic;
          if (compiled->constant(action) != AclVerdict::ByTopic) {
            ASSERT_EQ(compiled->constant(action) == AclVerdict::Allow, expected) << text << topic;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace sluice::auth

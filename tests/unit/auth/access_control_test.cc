// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/access_control.h"

#include <atomic>
#include <thread>

#include "broker/auth/acl_file.h"
#include "broker/auth/auth_probe.h"
#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

using std::chrono::seconds;
constexpr TimePoint kNow{};

std::vector<AclRule> rules(std::string_view text) {
  auto parsed = parse_acl(text);
  EXPECT_TRUE(parsed) << parsed.error().to_string("acl.conf");
  return *parsed;
}

/// So many topics that decisions are worth remembering: a0 … a31 are denied.
std::vector<AclRule> many_topics() {
  std::string text = "{deny, all, publish, [";
  for (int i = 0; i < 32; ++i) text += (i > 0 ? ", \"a" : "\"a") + std::to_string(i) + "\"";
  return rules(text + "]}.");
}

TEST(ClientAccess, CostsSixteenBytes) { EXPECT_EQ(sizeof(ClientAccess), 16U); }

TEST(ClientAccess, MayNothingUntilItIsCompiled) {
  ClientAccess access;
  EXPECT_FALSE(access.allowed(Action::Publish, "a", kNow));
  EXPECT_FALSE(access.allowed(Action::Subscribe, "a", kNow));
  EXPECT_TRUE(access.outdated(1));
}

TEST(AccessControl, WithoutRulesNomatchDecides) {
  for (const bool allow : {true, false}) {
    AccessControl control({.nomatch_allow = allow});
    ClientAccess access = control.compile(subject("c"), false);
    EXPECT_EQ(access.allowed(Action::Publish, "a", kNow), allow);
    EXPECT_EQ(access.constant(Action::Publish), allow ? AclVerdict::Allow : AclVerdict::Deny);
  }
}

TEST(AccessControl, ShippedRules) {
  AccessControl control({});
  control.replace_rules(rules(kDefaultAcl));
  ClientAccess remote = control.compile(subject("c", "u"), false);
  EXPECT_EQ(remote.constant(Action::Publish), AclVerdict::Allow);
  EXPECT_FALSE(remote.allowed(Action::Subscribe, "#", kNow));
  EXPECT_TRUE(remote.allowed(Action::Subscribe, "a/#", kNow));
  ClientAccess local = control.compile(subject("c", "u", "127.0.0.1"), false);
  EXPECT_EQ(local.constant(Action::Publish), AclVerdict::Allow);
  EXPECT_TRUE(local.allowed(Action::Subscribe, "#", kNow));
}

TEST(AccessControl, SuperusersMayEverythingForEver) {
  AccessControl control({});
  control.replace_rules(rules("{deny, all}."));
  ClientAccess access = control.compile(subject("c"), true);
  EXPECT_TRUE(access.allowed(Action::Publish, "a", kNow));
  control.replace_rules(rules("{deny, all}."));
  control.refresh(access, subject("c"));
  EXPECT_TRUE(access.allowed(Action::Subscribe, "#", kNow));
}

TEST(AccessControl, NamesInRulesOutliveTheSubject) {
  AccessControl control({.nomatch_allow = false});
  control.replace_rules(rules(R"({allow, all, publish, ["%c/%u"]}.)"));
  ClientAccess access = [&] {
    const std::string id(100, 'i');
    const std::string name(100, 'n');
    return control.compile(subject(id, name), false);
  }();
  EXPECT_TRUE(access.allowed(Action::Publish, std::string(100, 'i') + "/" + std::string(100, 'n'), kNow));
  EXPECT_FALSE(access.allowed(Action::Publish, "x/y", kNow));
}

TEST(AccessControl, ReplacedRulesHoldAfterARefresh) {
  AccessControl control({});
  ClientAccess access = control.compile(subject("c"), false);
  const auto before = control.generation();
  EXPECT_FALSE(access.outdated(before));
  control.replace_rules(rules(R"({deny, all, publish, ["a"]}.)"));
  EXPECT_NE(control.generation(), before);
  EXPECT_TRUE(access.allowed(Action::Publish, "a", kNow));
  control.refresh(access, subject("c"));
  EXPECT_FALSE(access.allowed(Action::Publish, "a", kNow));
  EXPECT_FALSE(access.outdated(control.generation()));
}

TEST(AccessControl, AWrongFileKeepsTheOldRules) {
  const TemporaryFolder folder;
  AccessControl control({});
  ASSERT_FALSE(control.reload_acl(folder.write("acl.conf", "{deny, all}.")).has_error());
  const auto generation = control.generation();
  const auto loaded = control.reload_acl(folder.write("acl.conf", "{allow, all}.\n{deny, al}."));
  ASSERT_TRUE(loaded.has_error());
  EXPECT_EQ(loaded.error().line, 2U);
  EXPECT_EQ(loaded.error().column, 8U);
  EXPECT_TRUE(control.reload_acl(folder.path() / "none").has_error());
  EXPECT_EQ(control.generation(), generation);
  EXPECT_FALSE(control.compile(subject("c"), false).allowed(Action::Publish, "a", kNow));
}

TEST(AccessControl, ReconfigureChangesNomatchAndAnonymous) {
  AccessControl control({});
  ClientAccess access = control.compile(subject("c"), false);
  control.reconfigure({.allow_anonymous = false, .nomatch_allow = false});
  control.refresh(access, subject("c"));
  EXPECT_FALSE(access.allowed(Action::Publish, "a", kNow));
  bool allowed = true;
  const auto pending = control.authenticate(credentials("c"), [&](AuthResult result) { allowed = result.allowed; });
  EXPECT_FALSE(allowed);
}

TEST(AccessControl, DecisionsAreRememberedWhereRulesAreMany) {
  AccessControl control({.cache_size = 2, .cache_ttl = seconds(10)});
  control.replace_rules(many_topics());
  ClientAccess access = control.compile(subject("c"), false);
  const auto hits = probe().acl_cache_hit.value();
  EXPECT_FALSE(access.allowed(Action::Publish, "a31", kNow));
  EXPECT_TRUE(access.allowed(Action::Publish, "b", kNow));
  EXPECT_EQ(probe().acl_cache_hit.value() - hits, 0U);
  EXPECT_FALSE(access.allowed(Action::Publish, "a31", kNow + seconds(9)));
  EXPECT_TRUE(access.allowed(Action::Publish, "b", kNow + seconds(9)));
  EXPECT_EQ(probe().acl_cache_hit.value() - hits, 2U);
  EXPECT_FALSE(access.allowed(Action::Publish, "a31", kNow + seconds(10)));
  EXPECT_EQ(probe().acl_cache_hit.value() - hits, 2U);
  access.clear_cache("a31");
  EXPECT_FALSE(access.allowed(Action::Publish, "a31", kNow + seconds(10)));
  access.clear_cache();
  EXPECT_FALSE(access.allowed(Action::Publish, "a31", kNow + seconds(10)));
  EXPECT_EQ(probe().acl_cache_hit.value() - hits, 2U);
}

TEST(AccessControl, CacheAclOffRemembersNothing) {
  AccessControl control({.cache_acl = false});
  control.replace_rules(many_topics());
  ClientAccess access = control.compile(subject("c"), false);
  const auto misses = probe().acl_cache_miss.value();
  EXPECT_FALSE(access.allowed(Action::Publish, "a0", kNow));
  EXPECT_FALSE(access.allowed(Action::Publish, "a0", kNow));
  EXPECT_EQ(probe().acl_cache_miss.value(), misses);
}

TEST(AccessControl, CountsDecisions) {
  AccessControl control({});
  control.replace_rules(
      rules(R"({deny, all, publish, ["a"]}.{allow, all, publish, ["b"]}.{deny, all, publish, ["c"]}.)"));
  ClientAccess access = control.compile(subject("c"), false);
  const auto allowed = probe().acl_allowed.value();
  const auto denied = probe().acl_denied.value();
  static_cast<void>(access.allowed(Action::Publish, "a", kNow));
  static_cast<void>(access.allowed(Action::Publish, "b", kNow));
  static_cast<void>(access.allowed(Action::Publish, "c", kNow));
  EXPECT_EQ(probe().acl_allowed.value() - allowed, 1U);
  EXPECT_EQ(probe().acl_denied.value() - denied, 2U);
  ClientAccess nothing;
  static_cast<void>(nothing.allowed(Action::Publish, "a", kNow));
  EXPECT_EQ(probe().acl_denied.value() - denied, 3U);
}

TEST(AccessControl, ManyDifferentClientsGetTheirOwnRules) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    const std::string n = std::to_string(i);
    text += "{allow, {client, \"c" + n + "\"}, publish, [\"t" + n + "\"]}.\n";
  }
  AccessControl control({.nomatch_allow = false});
  control.replace_rules(rules(text));
  for (int i = 0; i < 500; ++i) {
    const std::string n = std::to_string(i);
    ClientAccess access = control.compile(subject("c" + n), false);
    EXPECT_TRUE(access.allowed(Action::Publish, "t" + n, kNow));
    EXPECT_FALSE(access.allowed(Action::Publish, "t" + n + "0", kNow));
  }
}

TEST(AccessControl, RulesAreReplacedWhileClientsUseThem) {
  AccessControl control({});
  std::atomic<bool> stop = false;
  std::vector<std::thread> users;
  for (int i = 0; i < 2; ++i) {
    users.emplace_back([&, i] {
      const std::string id = "c" + std::to_string(i);
      ClientAccess access = control.compile(subject(id), false);
      while (!stop) {
        control.refresh(access, subject(id));
        EXPECT_FALSE(access.allowed(Action::Publish, "never", kNow) && access.allowed(Action::Publish, id, kNow) &&
                     access.constant(Action::Publish) == AclVerdict::ByTopic);
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    control.replace_rules(rules(i % 2 == 0 ? R"({deny, all, publish, ["never", "%c"]}.)" : "{allow, all}."));
  }
  stop = true;
  for (std::thread& user : users) user.join();
}

}  // namespace
}  // namespace sluice::auth

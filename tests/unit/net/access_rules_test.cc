// SPDX-License-Identifier: Apache-2.0
#include "shared/net/access_rules.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

AccessRules rules(std::initializer_list<const char*> texts) {
  std::vector<AccessRule> parsed;
  for (const char* text : texts) parsed.push_back(AccessRule::parse(text).value());
  return AccessRules(std::move(parsed));
}

SocketAddress ip(const char* text) { return SocketAddress::parse_ip(text).value(); }

TEST(AccessRules, WithoutRulesEverybodyMay) { EXPECT_TRUE(AccessRules().allows(ip("192.0.2.1"))); }

TEST(AccessRules, TheFirstThatMatchesDecides) {
  const AccessRules some = rules({"deny 192.168.0.7", "allow 192.168.0.0/24", "deny all"});
  EXPECT_FALSE(some.allows(ip("192.168.0.7")));
  EXPECT_TRUE(some.allows(ip("192.168.0.8")));
  EXPECT_FALSE(some.allows(ip("192.168.1.8")));
  EXPECT_FALSE(some.allows(ip("::1")));
}

TEST(AccessRules, WhatNoneMatchesIsTheOppositeOfTheLast) {
  EXPECT_FALSE(rules({"allow 10.0.0.0/8"}).allows(ip("192.0.2.1")));
  EXPECT_TRUE(rules({"deny 10.0.0.0/8"}).allows(ip("192.0.2.1")));
}

TEST(AccessRules, PrefixesEndAnywhere) {
  const AccessRules odd = rules({"allow 10.1.128.0/17", "deny all"});
  EXPECT_TRUE(odd.allows(ip("10.1.128.0")));
  EXPECT_TRUE(odd.allows(ip("10.1.255.255")));
  EXPECT_FALSE(odd.allows(ip("10.1.127.255")));
  const AccessRules v6 = rules({"allow 2001:db8::/33", "deny all"});
  EXPECT_TRUE(v6.allows(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(v6.allows(ip("2001:db8:8000::1")));
  EXPECT_TRUE(rules({"allow 0.0.0.0/0", "deny all"}).allows(ip("203.0.113.9")));
  EXPECT_FALSE(rules({"allow 0.0.0.0/0", "deny all"}).allows(ip("2001:db8::1")));
}

TEST(AccessRules, RefusesWhatIsNoRule) {
  for (const char* text : {"", "allow", "allow ", "permit all", "allow 10.0.0.0/33", "allow 10.0.0.0/", "allow ::/129",
                           "allow 10.0.0", "allow 10.0.0.0/-1", "allowall", "deny all all", "allow 10.0.0.0/8 x"}) {
    EXPECT_FALSE(AccessRule::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "shared/config/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(CheckTest, ListenAddresses) {
  for (const auto* text : {"", "off", "0", "1883", "65535", "0.0.0.0:1883", "127.0.0.1:0", "[::1]:1883", "::1:1883"}) {
    EXPECT_THAT(check_listen_address(text), IsEmpty()) << text;
  }
  for (const auto* text : {"65536", "-1", "on", ":1883", "localhost:1883", "127.0.0.1",
                           "127.0.0.1:", "[127.0.0.1]:1883", "[::1]", "1883 ", "256.0.0.1:1883"}) {
    EXPECT_THAT(check_listen_address(text), HasSubstr("write a port, ip:port, [ipv6]:port or off")) << text;
  }
}

TEST(CheckTest, AccessRules) {
  for (const auto* text :
       {"", "allow all", "deny all", "allow 192.168.0.0/24", "deny  10.0.0.1", "allow 2001:db8::/32"}) {
    EXPECT_THAT(check_access_rule(text), IsEmpty()) << text;
  }
  for (const auto* text : {"allow", "all", "permit all", "allow 192.168.0.0/33", "allow example.org", "allow all all",
                           "allow 10.0.0.0/", "deny 2001:db8::/129"}) {
    EXPECT_THAT(check_access_rule(text), HasSubstr("write allow or deny")) << text;
  }
}

TEST(CheckTest, RateLimits) {
  for (const auto* text : {"", "100,10", "1, 1"}) EXPECT_THAT(check_rate_limit(text), IsEmpty()) << text;
  for (const auto* text : {"100", "100,", ",10", "0,10", "100,0", "100,10,1", "a,b"}) {
    EXPECT_THAT(check_rate_limit(text), HasSubstr("such as 100,10")) << text;
  }
}

TEST(CheckTest, TopicPriorities) {
  for (const auto* text : {"", "topic/1=10,topic/2=8", "a=b=255"})
    EXPECT_THAT(check_topic_priorities(text), IsEmpty()) << text;
  for (const auto* text : {"topic", "topic=256", "=1", "topic=", "a=1,b"}) {
    EXPECT_THAT(check_topic_priorities(text), HasSubstr("is no priority")) << text;
  }
}

TEST(CheckTest, TlsVersions) {
  EXPECT_THAT(check_tls_versions("tlsv1.2,tlsv1.1,tlsv1"), IsEmpty());
  EXPECT_THAT(check_tls_versions("tlsv1.3"), IsEmpty());
  EXPECT_THAT(check_tls_versions("sslv3"), HasSubstr("no TLS version"));
}

TEST(CheckTest, PasswordHashes) {
  for (const auto* text : {"plain", "md5", "sha", "sha256", "sha512", "bcrypt", "pbkdf2", "salt,sha256", "sha256,salt",
                           "salt sha256", "salt,bcrypt", "pbkdf2,sha256,4096,32"}) {
    EXPECT_THAT(check_password_hash(text), IsEmpty()) << text;
  }
  for (const auto* text :
       {"rot13", "salt", "salt,plain", "bcrypt,salt", "pbkdf2,sha256", "pbkdf2,sha256,0,32", "sha256,,md5"}) {
    EXPECT_THAT(check_password_hash(text), HasSubstr("no password hash")) << text;
  }
}

}  // namespace
}  // namespace sluice

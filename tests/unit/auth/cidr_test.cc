// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/cidr.h"

#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

TEST(Cidr, Contains) {
  struct Case {
    const char* range;
    const char* inside;
    const char* outside;
  };
  const Case cases[] = {
      {"127.0.0.1", "127.0.0.1", "127.0.0.2"},
      {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
      {"10.1.2.3/8", "10.9.9.9", "9.255.255.255"},
      {"192.168.4.0/22", "192.168.7.255", "192.168.8.0"},
      {"192.0.2.8/29", "192.0.2.15", "192.0.2.16"},
      {"0.0.0.0/0", "203.0.113.9", "2001:db8::1"},
      {"::1", "::1", "::2"},
      {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
      {"fe80::/10", "febf::1", "fec0::1"},
  };
  for (const Case& each : cases) {
    const auto range = Cidr::parse(each.range);
    ASSERT_TRUE(range) << each.range;
    EXPECT_TRUE(range->contains(address(each.inside))) << each.range;
    EXPECT_FALSE(range->contains(address(each.outside))) << each.range;
  }
  EXPECT_TRUE(Cidr::parse("::/0")->contains(address("203.0.113.9")));
}

TEST(Cidr, RefusesWhatIsNoRange) {
  for (const std::string_view text : {"", "localhost", "127.0.0", "127.0.0.1/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1",
                                      "10.0.0.0/8/8", "1.2.3.4 ", "10.0.0.0/8x", "/8"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
  EXPECT_FALSE(Cidr::parse(std::string_view("127.0.0.1\0x", 11)));
}

}  // namespace
}  // namespace sluice::auth

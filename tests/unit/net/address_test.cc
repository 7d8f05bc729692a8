// SPDX-License-Identifier: Apache-2.0
#include "shared/net/address.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(SocketAddress, ReadsWhatListenersAreGiven) {
  EXPECT_EQ(SocketAddress::parse("1883")->to_string(), "0.0.0.0:1883");
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:0")->to_string(), "127.0.0.1:0");
  EXPECT_EQ(SocketAddress::parse("[::1]:8883")->to_string(), "[::1]:8883");
  EXPECT_EQ(SocketAddress::parse("::1:1883")->to_string(), "[::1]:1883");
  EXPECT_EQ(SocketAddress::parse("[::]:65535")->to_string(), "[::]:65535");
}

TEST(SocketAddress, RefusesWhatIsNone) {
  for (const char* text : {"", "off", "65536", "-1", "1883x", "localhost:1883", "127.0.0.1", "127.0.0.1:", "1.2.3:1",
                           "[::1]", "[::1:1883", "[127.0.0.1", ":1883", "999.0.0.1:1"}) {
    EXPECT_FALSE(SocketAddress::parse(text).has_value()) << text;
  }
}

TEST(SocketAddress, SurvivesTheWayThroughTheKernelsForm) {
  for (const char* text : {"192.0.2.1:1", "0.0.0.0:65535", "[2001:db8::1]:1883", "[::]:0"}) {
    const SocketAddress address = *SocketAddress::parse(text);
    sockaddr_storage storage;
    EXPECT_EQ(address.to_sockaddr(storage), address.is_v4() ? 16U : 28U);
    EXPECT_EQ(SocketAddress::from(storage), address) << text;
  }
}

TEST(SocketAddress, KnowsTheUnspecified) {
  EXPECT_TRUE(SocketAddress::parse("1883")->is_unspecified());
  EXPECT_TRUE(SocketAddress::parse("[::]:1883")->is_unspecified());
  EXPECT_FALSE(SocketAddress::parse("127.0.0.1:1883")->is_unspecified());
  EXPECT_FALSE(SocketAddress::parse("[::1]:1883")->is_unspecified());
}

TEST(SocketAddress, MappedFormIsTheSameAddress) {
  EXPECT_EQ(SocketAddress::parse_ip("::ffff:192.0.2.7"), SocketAddress::parse_ip("192.0.2.7"));
  EXPECT_EQ(SocketAddress::parse_ip("::ffff:192.0.2.7")->ip_string(), "192.0.2.7");
}

}  // namespace
}  // namespace sluice

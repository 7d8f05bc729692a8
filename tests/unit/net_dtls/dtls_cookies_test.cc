// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_cookies.h"

#include "tests/unit/net_dtls/dtls_fixture.h"

namespace sluice::test {
namespace {

TEST(DtlsCookies, BelongToOneAddressAndPort) {
  const TimePoint now{};
  DtlsCookies cookies(now);
  const auto cookie = cookies.make(path_of(1), now);
  EXPECT_TRUE(cookies.good(path_of(1), cookie, now));
  EXPECT_FALSE(cookies.good(path_of(2), cookie, now));
  DatagramPath other_port = path_of(1);
  ++other_port.remote.port;
  EXPECT_FALSE(cookies.good(other_port, cookie, now));
  EXPECT_FALSE(DtlsCookies(now).good(path_of(1), cookie, now)) << "another port's secret";
}

TEST(DtlsCookies, TellLinkLocalPeersOfTwoInterfacesApart) {
  const TimePoint now{};
  DtlsCookies cookies(now);
  DatagramPath path;
  path.remote = SocketAddress::parse_ip("fe80::1").value();
  path.interface = 1;
  const auto cookie = cookies.make(path, now);
  path.interface = 2;
  EXPECT_FALSE(cookies.good(path, cookie, now));
  DatagramPath global = path_of(1);
  const auto its = cookies.make(global, now);
  global.interface = 7;
  EXPECT_TRUE(cookies.good(global, its, now));
}

TEST(DtlsCookies, AreNothingIfTheyAreShorterOrLongerOrAnother) {
  const TimePoint now{};
  DtlsCookies cookies(now);
  const auto cookie = cookies.make(path_of(1), now);
  std::vector<std::byte> bytes(cookie.begin(), cookie.end());
  bytes.push_back({});
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(cookies.good(path_of(1), std::span(bytes).first(size), now), size == kCookie);
  }
  for (std::size_t at = 0; at < kCookie; ++at) {
    auto changed = cookie;
    changed[at] ^= std::byte{1};
    EXPECT_FALSE(cookies.good(path_of(1), changed, now));
  }
}

TEST(DtlsCookies, OutliveOneChangeOfTheSecret) {
  const TimePoint start{};
  DtlsCookies cookies(start);
  const auto cookie = cookies.make(path_of(1), start);
  const auto life = DtlsCookies::kSecretLife;
  EXPECT_TRUE(cookies.good(path_of(1), cookie, start + life - std::chrono::seconds(1)));
  EXPECT_TRUE(cookies.good(path_of(1), cookie, start + life));
  EXPECT_NE(cookies.make(path_of(1), start + life), cookie);
  EXPECT_TRUE(cookies.good(path_of(1), cookie, start + 2 * life - std::chrono::seconds(1)));
  EXPECT_FALSE(cookies.good(path_of(1), cookie, start + 2 * life));
}

TEST(DtlsCookies, LiveNoLongerBecauseNobodyAskedForOne) {
  const TimePoint start{};
  DtlsCookies cookies(start);
  const auto cookie = cookies.make(path_of(1), start);
  const auto life = DtlsCookies::kSecretLife;
  const auto late = start + 2 * life - std::chrono::seconds(1);
  EXPECT_TRUE(cookies.good(path_of(1), cookie, late));
  const auto second = cookies.make(path_of(1), late);
  EXPECT_FALSE(cookies.good(path_of(1), cookie, late + std::chrono::seconds(1)));
  EXPECT_TRUE(cookies.good(path_of(1), second, late + life));
}

TEST(DtlsCookies, AreNotGoodAfterALongSilence) {
  const TimePoint start{};
  DtlsCookies cookies(start);
  const auto cookie = cookies.make(path_of(1), start);
  EXPECT_FALSE(cookies.good(path_of(1), cookie, start + 3 * DtlsCookies::kSecretLife));
}

}  // namespace
}  // namespace sluice::test

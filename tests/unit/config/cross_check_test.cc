// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/cross_check.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/config/tables.h"

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> check(const std::string& text) {
  ConfigStore store(property_tables());
  std::istringstream in(text);
  store.load_stream(in, "f");
  EXPECT_THAT(store.problems(), IsEmpty());
  std::vector<std::string> all;
  for (const auto& problem : cross_check(store)) all.push_back(problem.to_string());
  return all;
}

TEST(CrossCheckTest, TwoListenersOnOnePortAreNamedBoth) {
  EXPECT_THAT(check("listener.tcp.a = 1883\nlistener.ws.b = 0.0.0.0:1883\n"),
              ElementsAre("f:2: listener.ws.b: 0.0.0.0:1883 is taken by listener.tcp.a; choose another port, or off"));
  EXPECT_THAT(check("listener.tcp.a = 1883\nlistener.ssl.b = 127.0.0.1:0\nlistener.wss.c = 127.0.0.1:0\n"
                    "listener.api.d = off\nlistener.ws.e = off\nlistener.tcp.f = 0\nlistener.tcp.g = 0\n"),
              IsEmpty());
}

TEST(CrossCheckTest, UsersNeedAPasswordAndPasswordsAUser) {
  EXPECT_THAT(check("auth.user.1.username = a\n"),
              ElementsAre("f:1: auth.user.1.username: has no password; set auth.user.1.password"));
  EXPECT_THAT(check("auth.user.1.username = a\nauth.user.1.password = b\n"
                    "auth.user.2.username = a\nauth.user.2.password = c\n"),
              ElementsAre("f:3: auth.user.2.username: is the same as auth.user.1.username; take one of them out"));
  EXPECT_THAT(check("auth.client.2.password = a\n"),
              ElementsAre("f:1: auth.client.2.password: belongs to nobody; set auth.client.2.clientid"));
  EXPECT_THAT(check("auth.user.1.username = a\nauth.user.1.password = b\n"), IsEmpty());
}

TEST(CrossCheckTest, ClientCertificatesNeedAnAuthority) {
  EXPECT_THAT(check("listener.ssl.a = 8883\nlistener.ssl.a.verify = verify_peer\n"),
              ElementsAre("f:2: listener.ssl.a.verify: client certificates need an authority; set "
                          "listener.ssl.a.cacertfile"));
  EXPECT_THAT(check("listener.wss.a = 8883\nlistener.wss.a.fail_if_no_peer_cert = true\n"),
              ElementsAre("f:2: listener.wss.a.fail_if_no_peer_cert: has no effect without listener.wss.a.verify = "
                          "verify_peer"));
}

TEST(CrossCheckTest, WatermarksTheWrongWayRound) {
  EXPECT_THAT(check("mqtt.mqueue.low_watermark = 70%\n"),
              ElementsAre("f:1: mqtt.mqueue.low_watermark: must be below mqtt.mqueue.high_watermark"));
}

}  // namespace
}  // namespace sluice::app

// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/listener_notices.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/config/tables.h"

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> notices(const std::string& text) {
  ConfigStore store(property_tables());
  std::istringstream in(text);
  store.load_stream(in, "f");
  EXPECT_THAT(store.problems(), IsEmpty());
  return listener_notices(store);
}

TEST(ListenerNotices, BrokenVersionsOfTls) {
  EXPECT_THAT(
      notices("listener.wss.a = 1\nlistener.wss.a.tls_versions = tlsv1.2,tlsv1.1,tlsv1\n"),
      ElementsAre("f:2: listener.wss.a.tls_versions: tlsv1.1 is not offered: it is broken; the oldest is tlsv1.2",
                  "f:2: listener.wss.a.tls_versions: tlsv1 is not offered: it is broken; the oldest is tlsv1.2"));
}

TEST(ListenerNotices, NamesFromCertificatesThatNobodyAsksFor) {
  EXPECT_THAT(
      notices("listener.ssl.a = 1\nlistener.ssl.a.peer_cert_as_username = cn\n"),
      ElementsAre("f:2: listener.ssl.a.peer_cert_as_username: has no effect: no client is asked for a certificate; "
                  "set listener.ssl.a.verify = verify_peer"));
  EXPECT_THAT(notices("listener.tcp.a = 1\nlistener.tcp.a.peer_cert_as_username = dn\n"),
              ElementsAre("f:2: listener.tcp.a.peer_cert_as_username: has no effect: without TLS, only proxy_protocol "
                          "brings a name"));
}

TEST(ListenerNotices, NothingWhereAllIsWell) {
  EXPECT_THAT(notices("listener.ssl.a = 1\nlistener.ssl.a.peer_cert_as_username = cn\n"
                      "listener.ssl.a.verify = verify_peer\n"
                      "listener.tcp.b = 2\nlistener.tcp.b.peer_cert_as_username = cn\n"
                      "listener.tcp.b.proxy_protocol = on\n"
                      "listener.ssl.c = off\nlistener.ssl.c.tls_versions = tlsv1\n"),
              IsEmpty());
}

}  // namespace
}  // namespace sluice::app

// SPDX-License-Identifier: Apache-2.0
// A new handshake from the address of an association [RFC 6347 4.2.8].
#include "tests/unit/net_dtls/test_peer.h"

namespace sluice::test {
namespace {

using Log = std::vector<std::string>;

TEST_F(DtlsTest, TheOldAssociationStaysUntilTheNewOneIsFinished) {
  listen(by_key());
  TestPeer old(*this, path_of(1));
  ASSERT_EQ(old.handshake(), "");
  EXPECT_EQ(old.echo("old"), "old");
  TestPeer restarted(*this, path_of(1));
  restarted.begin();
  ASSERT_TRUE(restarted.go_on());  // HelloVerifyRequest: now the server has a second handshake
  EXPECT_EQ(handshakes(), 1U);
  old.send("still there");
  EXPECT_TRUE(owner->wait_for("data 192.0.2.1:1000 still there"));
  EXPECT_EQ(restarted.handshake(), "");
  EXPECT_EQ(restarted.echo("new"), "new");
  EXPECT_EQ(associations(), 1U);
  EXPECT_EQ(owner->log(), (Log{"opened 192.0.2.1:1000", "data 192.0.2.1:1000 old", "data 192.0.2.1:1000 still there",
                               "ended 192.0.2.1:1000", "opened 192.0.2.1:1000", "data 192.0.2.1:1000 new"}));
}

TEST_F(DtlsTest, AnUnfinishedHandshakeAtItsAddressDoesNotHarmAnAssociation) {
  DtlsSettings settings = by_key();
  settings.handshake_timeout = std::chrono::milliseconds(100);
  listen(settings);
  const Growth timeouts("dtls/handshakes/timeouts");
  TestPeer old(*this, path_of(1));
  ASSERT_EQ(old.handshake(), "");
  EXPECT_EQ(old.echo("hello"), "hello");
  {
    TestPeer other(*this, path_of(1));
    other.begin();
    ASSERT_TRUE(other.go_on());
  }
  EXPECT_TRUE(eventually([this] { return handshakes() == 0; }));
  EXPECT_EQ(timeouts(), 1);
  // What the dead handshake sent lies before it.
  old.send("after");
  EXPECT_TRUE(owner->wait_for("data 192.0.2.1:1000 after"));
  EXPECT_EQ(owner->count("ended"), 0U);
}

TEST_F(DtlsTest, AClientThatRestartsInTheMiddleBeginsAnew) {
  listen(by_key());
  {
    TestPeer first(*this, path_of(1));
    first.begin();
    ASSERT_TRUE(first.go_on());
    EXPECT_EQ(handshakes(), 1U);
    while (network.receive(path_of(1), std::chrono::milliseconds(0))) {
    }
  }
  TestPeer second(*this, path_of(1));
  EXPECT_EQ(second.handshake(), "");
  EXPECT_EQ(second.echo("hello"), "hello");
  EXPECT_EQ(handshakes(), 0U);
  EXPECT_EQ(owner->count("ended"), 0U);
}

TEST_F(DtlsTest, WhatComesInTheClearDoesNotHarmAnAssociation) {
  const Growth dropped("dtls/records_dropped");
  listen(by_key());
  TestPeer peer(*this, path_of(1));
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  const std::string fatal_alert("\x15\xFE\xFD\0\0\0\0\0\0\0\x09\0\x02\x02\x28", 15);
  const std::string change("\x14\xFE\xFD\0\0\0\0\0\0\0\x09\0\x01\x01", 14);
  const std::string data("\x17\xFE\xFD\0\0\0\0\0\0\0\x09\0\x02hi", 15);
  const std::string finished("\x16\xFE\xFD\0\0\0\0\0\0\0\x09\0\x0C\x14\0\0\0\0\x05\0\0\0\0\0\0", 25);
  for (const std::string& forged : {fatal_alert, change, data, finished}) deliver(path_of(1), forged);
  EXPECT_EQ(dropped(), 4);
  EXPECT_EQ(peer.echo("after"), "after");
  EXPECT_EQ(owner->count("ended"), 0U);
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Floods, garbage, limits and ends.
#include <fstream>
#include <random>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tests/unit/net_dtls/test_peer.h"

namespace sluice::test {
namespace {

using Log = std::vector<std::string>;

/// Sends nothing: its first datagram is what somebody else may send.
std::string client_hello(DtlsTest& test) {
  TestPeer peer(test, path_of(1));
  peer.holds_back = true;
  peer.begin();
  return peer.last_sent();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsGivenBack = false;  ///< sanitizers keep what is freed
#else
constexpr bool kMemoryIsGivenBack = true;
#endif

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm").ignore(32, ' ') >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(DtlsTest, SpoofedClientHellosLeaveNothing) {
  const Growth cookies("dtls/cookies/sent");
  listen(by_key());
  const std::string hello = client_hello(*this);
  std::size_t largest = 0;
  network.loses = [&largest](std::string_view answer) {
    largest = std::max(largest, answer.size());
    return true;
  };
  const auto flood = [&](std::uint32_t from, std::uint32_t count) {
    on_shard([&] {
      for (std::uint32_t i = from; i < from + count; ++i) {
        port->on_datagram({path_of(i), std::as_bytes(std::span(hello)), false});
      }
    });
  };
  flood(0, 1'000);
  const std::size_t before = resident_bytes();
  flood(1'000, 100'000);
  if (kMemoryIsGivenBack) {
    EXPECT_LT(resident_bytes(), before + 1'000'000);
  }
  EXPECT_EQ(cookies(), 101'000);
  EXPECT_EQ(associations() + handshakes(), 0U);
  EXPECT_LE(largest, hello.size()) << "an answer is no larger than what was asked";
}

TEST_F(DtlsTest, ACookieOfAnotherAddressIsWorthNothing) {
  const Growth bad("dtls/cookies/bad");
  listen(by_key());
  TestPeer peer(*this, path_of(1));
  peer.begin();
  peer.holds_back = true;
  ASSERT_TRUE(peer.go_on());
  deliver(path_of(2), peer.last_sent());
  EXPECT_EQ(bad(), 1);
  EXPECT_EQ(handshakes(), 0U);
  deliver(path_of(1), peer.last_sent());
  EXPECT_EQ(handshakes(), 1U);
}

TEST_F(DtlsTest, AShortClientHelloIsNotAnswered) {
  listen(by_key());
  const std::string hello = client_hello(*this);
  const Growth dropped("dtls/records_dropped");
  for (std::size_t size = 0; size < hello.size(); ++size) deliver(path_of(2), std::string_view(hello).substr(0, size));
  EXPECT_EQ(network.sent(), 0U);
  EXPECT_EQ(dropped(), static_cast<std::int64_t>(hello.size()));
}

TEST_F(DtlsTest, InAFloodOfHandshakesTheOldestGivesWay) {
  const Growth displaced("dtls/handshakes/displaced");
  DtlsSettings settings = by_key();
  settings.max_handshakes = 10;
  listen(settings);
  for (std::uint32_t i = 100; i < 150; ++i) {
    TestPeer unfinished(*this, path_of(i));
    unfinished.begin();
    ASSERT_TRUE(unfinished.go_on());
  }
  EXPECT_EQ(handshakes(), 10U);
  EXPECT_EQ(displaced(), 40);
  TestPeer peer(*this, path_of(1));
  EXPECT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
}

TEST_F(DtlsTest, BeyondMaxAssociationsAPeerIsRefused) {
  const Growth refused("dtls/refused/full");
  DtlsSettings settings = by_key();
  settings.max_associations = 1;
  listen(settings);
  TestPeer first(*this, path_of(1));
  ASSERT_EQ(first.handshake(), "");
  TestPeer second(*this, path_of(2));
  EXPECT_EQ(second.handshake(std::chrono::milliseconds(100)), "nothing came");
  EXPECT_GE(refused(), 1);
  TestPeer restarted(*this, path_of(1));
  EXPECT_EQ(restarted.handshake(), "") << "takes its own place";
  restarted.close();
  TestPeer third(*this, path_of(3));
  EXPECT_EQ(third.handshake(), "");
}

/// With records of ours, and with OpenSSL's.
class DtlsRecordTest : public DtlsTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Suites, DtlsRecordTest, ::testing::Values("PSK-AES128-CCM8", "PSK-AES128-CBC-SHA256"),
                         [](const auto& suite) { return suite.index == 0 ? "Aead" : "Cbc"; });

TEST_P(DtlsRecordTest, GarbageIsCountedAndHarmsNobody) {
  const Growth dropped("dtls/records_dropped");
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string garbage(random() % 200, '\0');
    for (char& c : garbage) c = static_cast<char>(random());
    if (garbage.size() > 13 && i % 2 == 0) {
      const std::string header("\x17\xFE\xFD\0\x01\0\0\0\0\x01\0\0", 12);
      garbage.replace(0, 12, header);
      garbage[0] = static_cast<char>(20 + i % 4);
      garbage[12] = static_cast<char>(garbage.size() - 13);
    }
    deliver(path_of(1 + static_cast<std::uint32_t>(i) % 3), garbage);
  }
  EXPECT_GE(dropped(), 2'000);
  EXPECT_EQ(peer.echo("after"), "after");
  EXPECT_EQ(associations(), 1U);
  EXPECT_EQ(owner->count("ended"), 0U);
}

TEST_P(DtlsRecordTest, ARepeatedRecordIsDropped) {
  const Growth dropped("dtls/records_dropped");
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("first"), "first");
  const std::string first = peer.last_sent();
  EXPECT_EQ(peer.echo("second"), "second");
  const std::string second = peer.last_sent();
  for (int i = 0; i < 3; ++i) {
    deliver(path_of(1), first);
    deliver(path_of(1), second);
  }
  EXPECT_EQ(dropped(), 6);
  EXPECT_EQ(owner->count("data"), 2U);
  EXPECT_EQ(peer.echo("third"), "third");
}

TEST_P(DtlsRecordTest, AForgedRecordIsDropped) {
  const Growth dropped("dtls/records_dropped");
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("first"), "first");
  peer.holds_back = true;
  peer.send("second");
  for (std::size_t at = 0; at < peer.last_sent().size(); ++at) {
    std::string forged = peer.last_sent();
    forged[at] = static_cast<char>(forged[at] ^ 1);
    deliver(path_of(1), forged);
  }
  EXPECT_EQ(dropped(), static_cast<std::int64_t>(peer.last_sent().size()));
  EXPECT_EQ(owner->count("data"), 1U);
  deliver(path_of(1), peer.last_sent());
  EXPECT_EQ(owner->count("data 192.0.2.1:1000 second"), 1U);
}

TEST_P(DtlsRecordTest, RecordsMayComeInAnyOrderAndTogether) {
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("0"), "0");
  peer.holds_back = true;
  std::vector<std::string> records;
  for (const char* text : {"1", "2", "3", "4"}) {
    peer.send(text);
    records.push_back(peer.last_sent());
  }
  deliver(path_of(1), records[3]);
  deliver(path_of(1), records[1] + records[0] + records[2]);
  EXPECT_EQ(owner->log(), (Log{"opened 192.0.2.1:1000", "data 192.0.2.1:1000 0", "data 192.0.2.1:1000 4",
                               "data 192.0.2.1:1000 2", "data 192.0.2.1:1000 1", "data 192.0.2.1:1000 3"}));
}

TEST_P(DtlsRecordTest, SilenceEndsAnAssociation) {
  const Growth timeouts("dtls/session_timeouts");
  DtlsSettings settings = by_key();
  settings.session_timeout = std::chrono::seconds(1);
  listen(settings);
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  TestPeer silent(*this, path_of(2), how);
  ASSERT_EQ(peer.handshake(), "");
  ASSERT_EQ(silent.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_TRUE(owner->wait_for("ended 192.0.2.1:1000"));
  EXPECT_TRUE(owner->wait_for("ended 192.0.2.2:1000"));
  EXPECT_EQ(peer.receive(), "closed");
  EXPECT_EQ(timeouts(), 2);
  EXPECT_EQ(associations(), 0U);
}

TEST_P(DtlsRecordTest, CloseNotifyEndsAnAssociationAndIsAnswered) {
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  peer.close();
  EXPECT_EQ(peer.receive(), "closed");
  EXPECT_TRUE(owner->wait_for("ended 192.0.2.1:1000"));
  EXPECT_EQ(associations(), 0U);
  const Growth unsent("dtls/unsent");
  send(peer.path(), "too late");
  EXPECT_EQ(unsent(), 1);
}

TEST_P(DtlsRecordTest, ClosingSaysCloseNotifyAndReportsNothing) {
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer first(*this, path_of(1), how);
  TestPeer second(*this, path_of(2), how);
  TestPeer third(*this, path_of(3), how);
  for (TestPeer* const peer : {&first, &second, &third}) {
    ASSERT_EQ(peer->handshake(), "");
    EXPECT_EQ(peer->echo("hello"), "hello");
  }
  on_shard([&] { port->close(first.path()); });
  EXPECT_EQ(first.receive(), "closed");
  EXPECT_EQ(associations(), 2U);
  on_shard([&] { port->shutdown(); });
  EXPECT_EQ(second.receive(), "closed");
  EXPECT_EQ(third.receive(), "closed");
  EXPECT_EQ(associations(), 0U);
  EXPECT_EQ(owner->count("ended"), 0U);
}

TEST_P(DtlsRecordTest, WhatDoesNotFitIntoADatagramIsRefused) {
  const Growth too_large("dtls/too_large");
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  std::size_t largest = 0;
  network.forward = [&largest](const DatagramPath&, const std::string& datagram) {
    largest = std::max(largest, datagram.size());
  };
  std::size_t carried = 0;
  for (std::size_t size = 1'100; size <= 1'300; ++size) {
    const std::int64_t before = too_large();
    send(peer.path(), std::string(size, 'x'));
    if (too_large() == before) carried = size;
  }
  EXPECT_GE(carried, 1'152U) << "what RFC 7252 4.6 suggests for a message";
  EXPECT_EQ(too_large(), static_cast<std::int64_t>(1'300 - carried));
  EXPECT_LE(largest, 1'232U);
  EXPECT_GE(largest, 1'220U);
}

TEST_P(DtlsRecordTest, TheOwnerMayCloseWithinAnEvent) {
  listen(by_key());
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  on_shard([this] {
    owner->when_data = [this](const Datagram& datagram) {
      port->send(datagram.path, datagram.bytes);
      port->close(datagram.path);
      port->send(datagram.path, datagram.bytes);
    };
  });
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_EQ(peer.receive(), "closed");
  EXPECT_EQ(associations(), 0U);
}

TEST_F(DtlsTest, ANewContextServesNewPeersAndLeavesTheOthers) {
  listen(by_key());
  TestPeer old(*this, path_of(1));
  ASSERT_EQ(old.handshake(), "");
  DtlsSettings settings = by_key();
  settings.psk_key = [](std::string_view) { return to_bytes("new"); };
  on_shard([this, its = context(settings)] { port->use(its); });
  TestPeer::How how;
  how.psk = "new";
  TestPeer peer(*this, path_of(2), how);
  EXPECT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_EQ(old.echo("hello"), "hello");
}

TEST_F(DtlsTest, AHandshakeThatTakesTooLongIsDropped) {
  const Growth timeouts("dtls/handshakes/timeouts");
  DtlsSettings settings = by_key();
  settings.handshake_timeout = std::chrono::milliseconds(100);
  listen(settings);
  TestPeer peer(*this, path_of(1));
  peer.begin();
  ASSERT_TRUE(peer.go_on());
  EXPECT_EQ(handshakes(), 1U);
  EXPECT_TRUE(eventually([this] { return handshakes() == 0; }));
  EXPECT_EQ(timeouts(), 1);
  EXPECT_TRUE(owner->log().empty());
}

TEST_F(DtlsTest, GroupsAreNotServed) {
  listen(by_key());
  const std::string hello = client_hello(*this);
  on_shard([&] { port->on_datagram({path_of(1), std::as_bytes(std::span(hello)), true}); });
  EXPECT_EQ(network.sent(), 0U);
}

TEST_F(DtlsTest, WithoutAnAssociationNothingIsSent) {
  const Growth unsent("dtls/unsent");
  listen(by_key());
  send(path_of(9), "hello");
  EXPECT_EQ(unsent(), 1);
  EXPECT_EQ(network.sent(), 0U);
}

}  // namespace
}  // namespace sluice::test

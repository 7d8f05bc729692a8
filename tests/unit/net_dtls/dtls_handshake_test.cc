// SPDX-License-Identifier: Apache-2.0
// Who gets an association, and what it is worth. The client is OpenSSL's.
#include <openssl/ssl.h>

#include "tests/unit/net_dtls/test_peer.h"

namespace sluice::test {
namespace {

TestPeer::How with_certificate(const char* certificate) {
  TestPeer::How how;
  how.by_certificate = true;
  how.certificate = certificate;
  return how;
}

std::shared_ptr<const TlsIdentity> identity_of(DtlsTest& test, const TestPeer& peer) {
  return test.on_shard([&] { return test.port->identity(peer.path()); });
}

TEST_F(DtlsTest, AKeyOpensAnAssociationThatCarriesDatagramsBothWays) {
  const Growth finished("dtls/handshakes/finished");
  const Growth cookies("dtls/cookies/sent");
  listen(by_key());
  TestPeer peer(*this, path_of(1));
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_EQ(peer.echo("again"), "again");
  EXPECT_EQ(identity_of(*this, peer)->psk_identity, "sensor");
  EXPECT_TRUE(port->secure());
  EXPECT_EQ(associations(), 1U);
  EXPECT_EQ(handshakes(), 0U);
  EXPECT_EQ(finished(), 1);
  EXPECT_EQ(cookies(), 1);
  EXPECT_EQ(owner->log().front(), "opened 192.0.2.1:1000");
}

TEST_F(DtlsTest, WhatThePortSendsFirstArrivesToo) {
  listen(by_key());
  TestPeer peer(*this, path_of(1));
  ASSERT_EQ(peer.handshake(), "");
  send(peer.path(), "notification");
  EXPECT_EQ(peer.receive(), "notification");
}

class DtlsSuiteTest : public DtlsTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Suites, DtlsSuiteTest,
                         ::testing::Values("PSK-AES128-CCM8", "PSK-AES256-CCM8", "PSK-AES128-CCM", "PSK-AES256-CCM",
                                           "PSK-AES128-GCM-SHA256", "PSK-AES256-GCM-SHA384", "PSK-CHACHA20-POLY1305",
                                           "ECDHE-PSK-CHACHA20-POLY1305", "PSK-AES128-CBC-SHA256",
                                           "ECDHE-PSK-AES128-CBC-SHA256", "ECDHE-ECDSA-AES128-CCM8",
                                           "ECDHE-ECDSA-AES256-CCM8", "ECDHE-ECDSA-AES128-CCM",
                                           "ECDHE-ECDSA-AES256-CCM", "ECDHE-ECDSA-AES128-GCM-SHA256",
                                           "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"),
                         [](const auto& suite) {
                           std::string name = suite.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(DtlsSuiteTest, IsOfferedAndCarriesEverySize) {
  DtlsSettings settings = by_certificate();
  settings.psk_key = by_key().psk_key;
  listen(settings);
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_STREQ(::SSL_get_cipher_name(peer.ssl()), GetParam());
  for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 64U, 500U, 1152U}) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    EXPECT_EQ(peer.echo(text), text) << size;
  }
  peer.close();
  EXPECT_EQ(peer.receive(), "closed");
  EXPECT_TRUE(owner->wait_for("ended 192.0.2.1:1000"));
}

/// What anybody can send who has no key: each kind of protected record, with a payload of that size and that number, of
/// six bytes.
void deliver_forgeries(DtlsTest& test, std::size_t size, const std::string& number = std::string(5, '\0') + '\x09') {
  for (char type = 20; type <= 23; ++type) {
    const std::string version_and_epoch("\xFE\xFD\0\x01", 4);
    test.deliver(path_of(1),
                 type + version_and_epoch + number + '\0' + static_cast<char>(size) + std::string(size, 'x'));
  }
}

TEST_P(DtlsSuiteTest, RecordsThatAreTooShortHarmNoNewAssociation) {
  DtlsSettings settings = by_certificate();
  settings.psk_key = by_key().psk_key;
  listen(settings);
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  for (std::size_t size = 0; size <= 70; ++size) deliver_forgeries(*this, size);
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_EQ(owner->count("ended"), 0U);
}

TEST_P(DtlsSuiteTest, RecordsThatAreTooShortHarmNoHandshake) {
  DtlsSettings settings = by_certificate();
  settings.psk_key = by_key().psk_key;
  for (const std::size_t size : {0U, 7U, 15U, 23U}) {
    listen(settings);
    TestPeer::How how;
    how.ciphers = GetParam();
    TestPeer peer(*this, path_of(1), how);
    peer.begin();
    ASSERT_TRUE(peer.go_on());
    ASSERT_EQ(handshakes(), 1U);
    deliver_forgeries(*this, size);
    EXPECT_EQ(peer.handshake(), "") << size;
    EXPECT_EQ(peer.echo("hello"), "hello") << size;
    on_shard([this] { port.reset(); });
  }
}

TEST_P(DtlsSuiteTest, RecordsThatNobodyCanOpenHarmNoHandshake) {
  DtlsSettings settings = by_certificate();
  settings.psk_key = by_key().psk_key;
  listen(settings);
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  peer.begin();
  ASSERT_TRUE(peer.go_on());
  ASSERT_EQ(handshakes(), 1U);
  for (int i = 0; i < 50; ++i) deliver_forgeries(*this, 64);
  EXPECT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
}

TEST_F(DtlsTest, ForgedRecordsDoNotKeepTheStateOfAHandshake) {
  const Growth engines("dtls/engines");
  listen(by_key());
  TestPeer peer(*this, path_of(1));
  peer.begin();
  ASSERT_TRUE(peer.go_on());
  EXPECT_EQ(engines(), 1);
  deliver_forgeries(*this, 64, "\xFF\xFF\xFF\xFF\xFF\xFE");
  EXPECT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_EQ(engines(), 0);
}

TEST_P(DtlsSuiteTest, AnEmptyRecordIsGoodAndCarriesNothing) {
  DtlsSettings settings = by_certificate();
  settings.psk_key = by_key().psk_key;
  listen(settings);
  TestPeer::How how;
  how.ciphers = GetParam();
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  auto records = DtlsRecords::take_over(peer.ssl(), 100, ReplayWindow());
  if (!records) return;  // CBC: OpenSSL sends none
  DtlsCiphers ciphers;
  std::vector<std::byte> room(records->overhead());
  const std::string record = to_text(records->seal(ciphers, DtlsContent::ApplicationData, {}, room));
  ASSERT_EQ(record.size(), room.size());
  const Growth dropped("dtls/records_dropped");
  deliver(path_of(1), record);
  EXPECT_EQ(dropped(), 0);
  EXPECT_EQ(owner->count("data"), 1U);
  deliver(path_of(1), record);
  EXPECT_EQ(dropped(), 1) << "repeated";
}

TEST_F(DtlsTest, AnUnknownIdentityIsRefusedAndCounted) {
  const Growth unknown("listeners/psk_unknown");
  const Growth failed("dtls/handshakes/failed");
  const Growth alerts("dtls/alerts/sent");
  listen(by_key());
  TestPeer::How how;
  how.psk_identity = "nobody";
  TestPeer peer(*this, path_of(1), how);
  EXPECT_EQ(peer.handshake(), "tlsv1 alert unknown psk identity");
  EXPECT_EQ(unknown(), 1);
  EXPECT_EQ(failed(), 1);
  EXPECT_EQ(alerts(), 1);
  EXPECT_EQ(associations() + handshakes(), 0U);
  EXPECT_TRUE(owner->log().empty());
}

TEST_F(DtlsTest, AWrongKeyIsRefused) {
  const Growth failed("dtls/handshakes/failed");
  DtlsSettings settings = by_key();
  settings.handshake_timeout = std::chrono::milliseconds(300);
  listen(settings);
  TestPeer::How how;
  how.psk = "not the secret";
  TestPeer peer(*this, path_of(1), how);
  // Its Finished cannot be read; to a server it is a record like any forged one [RFC 6347 4.1.2.7].
  EXPECT_NE(peer.handshake(std::chrono::milliseconds(500)), "");
  EXPECT_TRUE(eventually([this] { return handshakes() == 0; }));
  EXPECT_EQ(associations(), 0U);
  EXPECT_TRUE(owner->log().empty());
}

TEST_F(DtlsTest, AClientCertificateGivesItsNames) {
  DtlsSettings settings = by_certificate(true);
  settings.crlfile = certificates() + "crl.pem";
  listen(settings);
  TestPeer peer(*this, path_of(1), with_certificate("client"));
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  const auto identity = identity_of(*this, peer);
  ASSERT_NE(identity, nullptr);
  EXPECT_EQ(identity->common_name, "client");
  EXPECT_EQ(identity->distinguished_name, "CN=client,O=Sluice");
}

TEST_F(DtlsTest, AMissingCertificateIsRefusedIfItIsRequired) {
  listen(by_certificate(true));
  TestPeer peer(*this, path_of(1), with_certificate(""));
  EXPECT_EQ(peer.handshake(), "sslv3 alert handshake failure");
  EXPECT_EQ(associations() + handshakes(), 0U);
}

TEST_F(DtlsTest, AMissingCertificateIsNoIdentityIfItIsNotRequired) {
  DtlsSettings settings = by_certificate(true);
  settings.fail_if_no_peer_cert = false;
  listen(settings);
  TestPeer peer(*this, path_of(1), with_certificate(""));
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  EXPECT_EQ(identity_of(*this, peer), nullptr);
}

TEST_F(DtlsTest, ACertificateOfAnotherAuthorityIsRefused) {
  listen(by_certificate(true));
  TestPeer peer(*this, path_of(1), with_certificate("other"));
  EXPECT_EQ(peer.handshake(), "tlsv1 alert unknown ca");
  EXPECT_EQ(associations() + handshakes(), 0U);
}

TEST_F(DtlsTest, ARevokedCertificateIsRefused) {
  DtlsSettings settings = by_certificate(true);
  settings.crlfile = certificates() + "revoked.pem";
  listen(settings);
  TestPeer peer(*this, path_of(1), with_certificate("client"));
  EXPECT_EQ(peer.handshake(), "sslv3 alert certificate revoked");
  EXPECT_EQ(associations() + handshakes(), 0U);
}

TEST_F(DtlsTest, TheServersFlightsAreSentAgainWhenTheyAreLost) {
  DtlsSettings settings = by_certificate();
  settings.retransmit_after = std::chrono::milliseconds(60);
  listen(settings);
  // All but the HelloVerifyRequest, which nobody repeats: the ServerHello's flight and the Finished's, twice each.
  std::map<std::size_t, int> seen;
  network.loses = [&seen](std::string_view datagram) {
    return datagram.size() != sizeof(HelloVerifyRequest) && seen[datagram.size()]++ < 2;
  };
  TestPeer peer(*this, path_of(1), with_certificate(""));
  EXPECT_EQ(peer.handshake(), "");
  EXPECT_GE(seen.size(), 2U);
}

TEST_F(DtlsTest, NoDatagramOfAHandshakeIsLargerThanTheMtu) {
  for (const std::size_t mtu : {256U, 512U, 1'232U}) {
    DtlsSettings settings = by_certificate(true);
    settings.mtu = mtu;
    listen(settings);
    std::size_t largest = 0;
    network.loses = [&largest](std::string_view datagram) {
      largest = std::max(largest, datagram.size());
      return false;
    };
    TestPeer peer(*this, path_of(1), with_certificate("client"));
    EXPECT_EQ(peer.handshake(), "");
    EXPECT_LE(largest, mtu);
    on_shard([this] { port.reset(); });
  }
}

TEST_F(DtlsTest, TheClientsFlightsMayBeLost) {
  listen(by_certificate());
  std::map<std::size_t, int> seen;
  TestPeer peer(*this, path_of(1), with_certificate(""));
  peer.loses = [&seen](std::string_view datagram) { return seen[datagram.size()]++ < 2; };
  EXPECT_EQ(peer.handshake(), "");
  peer.loses = nullptr;
  EXPECT_EQ(peer.echo("hello"), "hello");
}

TEST_F(DtlsTest, ASessionIsResumedWithItsIdentity) {
  const Growth resumed("dtls/handshakes/resumed");
  listen(by_key());
  TestPeer first(*this, path_of(1));
  ASSERT_EQ(first.handshake(), "");
  EXPECT_EQ(first.echo("hello"), "hello");
  TestPeer::How how;
  how.session = ::SSL_get1_session(first.ssl());
  first.close();
  TestPeer second(*this, path_of(2), how);
  ::SSL_SESSION_free(how.session);
  ASSERT_EQ(second.handshake(), "");
  EXPECT_EQ(::SSL_session_reused(second.ssl()), 1);
  EXPECT_EQ(second.echo("hello"), "hello");
  EXPECT_EQ(second.echo("again"), "again");
  EXPECT_EQ(identity_of(*this, second)->psk_identity, "sensor");
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DtlsTest, ASessionIsNotResumedOnceItsKeyIsGone) {
  auto known = std::make_shared<std::atomic<bool>>(true);
  DtlsSettings settings = by_key();
  settings.psk_key = [known](std::string_view) {
    return *known ? to_bytes("secret key of it") : std::vector<std::byte>();
  };
  listen(settings);
  TestPeer first(*this, path_of(1));
  ASSERT_EQ(first.handshake(), "");
  TestPeer::How how;
  how.session = ::SSL_get1_session(first.ssl());
  *known = false;
  TestPeer second(*this, path_of(2), how);
  ::SSL_SESSION_free(how.session);
  second.handshake();
  EXPECT_EQ(second.receive(), "closed");
  EXPECT_EQ(associations(), 1U);
  EXPECT_EQ(owner->count("opened"), 1U);
}

TEST_F(DtlsTest, APeersSmallerFragmentIsRespected) {
  const Growth too_large("dtls/too_large");
  listen(by_key());
  TestPeer::How how;
  how.fragment_mode = 1;
  TestPeer peer(*this, path_of(1), how);
  ASSERT_EQ(peer.handshake(), "");
  EXPECT_EQ(peer.echo("hello"), "hello");
  send(peer.path(), std::string(513, 'x'));
  EXPECT_EQ(too_large(), 1);
  send(peer.path(), std::string(512, 'x'));
  EXPECT_EQ(peer.receive(), std::string(512, 'x'));
}

TEST_F(DtlsTest, RenegotiationIsRefused) {
  for (const char* ciphers : {"PSK-AES128-CCM8", "PSK-AES128-CBC-SHA256"}) {
    listen(by_key());
    TestPeer::How how;
    how.ciphers = ciphers;
    TestPeer peer(*this, path_of(1), how);
    ASSERT_EQ(peer.handshake(), "");
    EXPECT_EQ(peer.echo("hello"), "hello");
    const Growth alerts("dtls/alerts/sent");
    ASSERT_EQ(::SSL_renegotiate(peer.ssl()), 1);
    EXPECT_EQ(peer.handshake(), "no renegotiation");
    EXPECT_EQ(alerts(), 1) << ciphers;
    EXPECT_EQ(associations(), 0U) << "the client gave up with a fatal alert";
    on_shard([this] { port.reset(); });
  }
}

}  // namespace
}  // namespace sluice::test

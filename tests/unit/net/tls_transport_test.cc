// SPDX-License-Identifier: Apache-2.0
// TlsTransport and the handshake before it, over a real listener and OpenSSL's client.
#include <array>
#include <string>

#include <openssl/ssl.h>

#include "shared/metrics/registry.h"
#include "shared/net/transport.h"
#include "tests/unit/net/net_fixture.h"

namespace sluice::test {
namespace {

std::size_t write_all(Transport& transport, std::string text) {
  const std::array<iovec, 1> pieces{iovec{text.data(), text.size()}};
  return transport.write(pieces);
}

class TlsTransportTest : public NetTest, public ::testing::WithParamInterface<int> {
 protected:
  static Client::Tls version() {
    Client::Tls tls;
    tls.version = GetParam();
    return tls;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, TlsTransportTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(TlsTransportTest, CarriesBytesBothWays) {
  listen(secure());
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  client.send("hello");
  ASSERT_TRUE(server.wait_for_bytes(5));
  EXPECT_EQ(server.received, "hello");
  EXPECT_EQ(server.on_shard([](Transport& transport) { return write_all(transport, "world"); }), 5U);
  EXPECT_EQ(client.read(5), "world");
  EXPECT_EQ(::SSL_version(client.ssl()), GetParam());
}

TEST_P(TlsTransportTest, ReadsOnWhatOpenSslHoldsAlready) {
  listen(secure());
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  // Many records that arrive at once: more than one turn's share.
  const std::string record(16000, 'r');
  for (int i = 0; i < 40; ++i) client.send(record);
  EXPECT_TRUE(server.wait_for_bytes(40 * record.size()));
}

TEST_P(TlsTransportTest, APauseHoldsBackWhatWasReadAlready) {
  listen(secure());
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  server.on_shard([&server](Transport&) { server.when_bytes = [](Transport& mine) { mine.pause_reading(); }; });
  const std::string record(16000, 'r');
  for (int i = 0; i < 10; ++i) client.send(record);
  std::size_t before = 0;
  while (before < 10 * record.size()) {
    ASSERT_TRUE(server.wait_for_bytes(before + 1)) << before;
    before = server.on_shard([&server](Transport& transport) {
      transport.resume_reading();
      return server.received.size();
    });
  }
  EXPECT_EQ(server.received.size(), 10 * record.size());
}

TEST_P(TlsTransportTest, GathersManySmallBuffersIntoOneRecord) {
  listen(secure());
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  std::string letters = "abcdefghij";
  server.on_shard([&letters](Transport& transport) {
    std::array<iovec, 10> pieces;
    for (std::size_t i = 0; i < pieces.size(); ++i) pieces[i] = {&letters[i], 1};
    EXPECT_EQ(transport.write(pieces), 10U);
  });
  std::array<char, 64> into;
  EXPECT_EQ(::SSL_read(client.ssl(), into.data(), into.size()), 10);
}

TEST_P(TlsTransportTest, WritesWhateverTheSocketTakesAndTheRestLater) {
  ListenerSettings settings = secure();
  settings.sndbuf = 4096;
  listen(settings);
  Client client(listener->bound(), 4096);
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  std::string block(2 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 7 + i / 251);
  std::size_t sent = 0;
  std::string got;
  while (sent < block.size()) {
    const int writable = server.on_shard([&server](Transport&) { return server.writable; });
    sent += server.on_shard([&](Transport& transport) { return write_all(transport, block.substr(sent)); });
    got += client.read(sent - got.size());
    if (sent < block.size()) {
      ASSERT_TRUE(server.wait([&] { return server.writable > writable; })) << sent;
    }
  }
  EXPECT_EQ(got, block);
}

TEST_P(TlsTransportTest, ShutdownFlushesThenSendsCloseNotify) {
  ListenerSettings settings = secure();
  settings.sndbuf = 4096;
  listen(settings);
  Client client(listener->bound(), 4096);
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  std::size_t sent = 0;
  server.on_shard([&sent](Transport& transport) {
    sent = write_all(transport, std::string(8 * 1024 * 1024, 's'));
    transport.shutdown();
  });
  server.drop();
  EXPECT_EQ(client.read(sent).size(), sent);
  EXPECT_TRUE(client.at_end());
}

TEST_P(TlsTransportTest, TellsThatThePeerClosedWithOrWithoutNotice) {
  listen(secure());
  for (const bool notify : {true, false}) {
    Client client = connect();
    ASSERT_EQ(client.start_tls(version()), "");
    Recorder& server = accepted();
    client.send("bye");
    if (notify) ::SSL_shutdown(client.ssl());
    // Half-closed: a socket that is closed with unread session tickets in it would send a reset.
    ::shutdown(client.fd(), SHUT_WR);
    ASSERT_TRUE(server.wait_closed());
    EXPECT_EQ(server.received, "bye");
    EXPECT_FALSE(server.why) << server.why.message();
  }
}

TEST_P(TlsTransportTest, GarbageInTheStreamEndsIt) {
  listen(secure());
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  ::send(client.fd(), "\x17\x03\x03\x00\x20 this is no record of yours!!!!!!", 37, MSG_NOSIGNAL);
  ASSERT_TRUE(server.wait_closed());
  EXPECT_STREQ(server.why.category().name(), "tls");
}

TEST_P(TlsTransportTest, MovesToAnotherShard) {
  listen(secure());
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  Recorder& server = accepted();
  for (std::size_t round = 0; round < 4; ++round) {
    server.move_to(shards.at(round % 2));
    client.send("b");
    ASSERT_TRUE(server.wait_for_bytes(round + 1));
    server.on_shard([](Transport& transport) { return write_all(transport, "c"); });
    EXPECT_EQ(client.read(1), "c");
  }
}

TEST_P(TlsTransportTest, RateLimitHoldsForWhatOpenSslBuffers) {
  ListenerSettings settings = secure();
  settings.rate_limit = {.burst = 4096, .per_second = 40960};
  listen(settings);
  Client client = connect();
  ASSERT_EQ(client.start_tls(version()), "");
  const auto start = Clock::now();
  Recorder& server = accepted();
  client.send(std::string(16000, 'r'));
  ASSERT_TRUE(server.wait_for_bytes(16000));
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(200));
}

TEST_P(TlsTransportTest, ClientCertificateGivesTheIdentity) {
  ListenerSettings settings = secure();
  settings.tls->cacertfile = certificates() + "cacert.pem";
  settings.tls->verify_peer = true;
  settings.tls->fail_if_no_peer_cert = true;
  listen(settings);
  Client client = connect();
  Client::Tls tls = version();
  tls.certificate = true;
  ASSERT_EQ(client.start_tls(tls), "");
  Recorder& server = accepted();
  server.on_shard([](Transport& transport) {
    EXPECT_EQ(transport.peer().common_name(), "client");
    EXPECT_EQ(transport.peer().distinguished_name(), "CN=client,O=Sluice");
    EXPECT_EQ(transport.peer().psk_identity(), "");
  });
}

TEST_P(TlsTransportTest, AMissingClientCertificateIsRefusedOrNotAsAsked) {
  ListenerSettings settings = secure();
  settings.tls->cacertfile = certificates() + "cacert.pem";
  settings.tls->verify_peer = true;
  listen(settings);
  Client tolerated = connect();
  ASSERT_EQ(tolerated.start_tls(version()), "");
  EXPECT_EQ(accepted().on_shard([](Transport& transport) { return transport.peer().identity; }), nullptr);
  settings.tls->fail_if_no_peer_cert = true;
  ASSERT_EQ(listener->reconfigure(settings), "");
  shards.run_on_all([](Shard&) {});
  Client refused = connect();
  // Under TLS 1.3 the client learns of it when it reads.
  if (refused.start_tls(version()).empty()) {
    EXPECT_FALSE(refused.at_end());
  }
  EXPECT_TRUE(eventually([this] { return listener->probe().tls_failures == 1; }));
}

TEST_P(TlsTransportTest, PskGivesTheIdentity) {
  ListenerSettings settings = secure();
  settings.tls->psk_key = [](std::string_view identity) {
    return identity == "sensor-1" ? std::vector<std::byte>(16, std::byte{0x5a}) : std::vector<std::byte>();
  };
  listen(settings);
  Client client = connect();
  Client::Tls tls = version();
  tls.psk_identity = "sensor-1";
  tls.psk = std::string(16, '\x5a');
  ASSERT_EQ(client.start_tls(tls), "");
  Recorder& server = accepted();
  EXPECT_EQ(server.on_shard([](Transport& transport) { return std::string(transport.peer().psk_identity()); }),
            "sensor-1");
  client.send("keyed");
  EXPECT_TRUE(server.wait_for_bytes(5));
}

TEST_P(TlsTransportTest, AWrongPskFailsTheHandshake) {
  ListenerSettings settings = secure();
  settings.tls->certfile.clear();
  settings.tls->keyfile.clear();
  settings.tls->psk_key = [](std::string_view identity) {
    return identity == "sensor-1" ? std::vector<std::byte>(16, std::byte{0x5a}) : std::vector<std::byte>();
  };
  const std::int64_t unknown = metrics::read("listeners/psk_unknown");
  listen(settings);
  for (const auto& [identity, key] :
       {std::pair("sensor-1", "another key 1234"), std::pair("stranger", "any key 12345678")}) {
    Client client = connect();
    Client::Tls tls = version();
    tls.psk_identity = identity;
    tls.psk = key;
    EXPECT_NE(client.start_tls(tls), "") << identity;
  }
  Client good = connect();
  Client::Tls tls = version();
  tls.psk_identity = "sensor-1";
  tls.psk = std::string(16, '\x5a');
  EXPECT_EQ(good.start_tls(tls), "");
  EXPECT_TRUE(eventually([this] { return listener->probe().tls_failures == 2; }));
  EXPECT_EQ(metrics::read("listeners/psk_unknown") - unknown, 1);
}

TEST_P(TlsTransportTest, SessionsAreResumedWithTheirIdentity) {
  ListenerSettings settings = secure();
  settings.tls->cacertfile = certificates() + "cacert.pem";
  settings.tls->verify_peer = true;
  listen(settings);
  Client::Tls tls = version();
  tls.certificate = true;
  Client first = connect();
  ASSERT_EQ(first.start_tls(tls), "");
  Recorder& server = accepted();
  server.on_shard([](Transport& transport) { return write_all(transport, "x"); });
  EXPECT_EQ(first.read(1), "x");  // the ticket of TLS 1.3 comes before it
  tls.session = ::SSL_get1_session(first.ssl());
  tls.certificate = false;
  Client second = connect();
  ASSERT_EQ(second.start_tls(tls), "");
  EXPECT_EQ(::SSL_session_reused(second.ssl()), 1);
  EXPECT_EQ(accepted().on_shard([](Transport& transport) { return std::string(transport.peer().common_name()); }),
            "client");
  ::SSL_SESSION_free(tls.session);
}

TEST_P(TlsTransportTest, ResumptionCanBeTurnedOff) {
  ListenerSettings settings = secure();
  settings.tls->reuse_sessions = false;
  listen(settings);
  Client::Tls tls = version();
  Client first = connect();
  ASSERT_EQ(first.start_tls(tls), "");
  Recorder& server = accepted();
  server.on_shard([](Transport& transport) { return write_all(transport, "x"); });
  EXPECT_EQ(first.read(1), "x");
  tls.session = ::SSL_get1_session(first.ssl());
  Client second = connect();
  ASSERT_EQ(second.start_tls(tls), "");
  EXPECT_EQ(::SSL_session_reused(second.ssl()), 0);
  ::SSL_SESSION_free(tls.session);
}

}  // namespace
}  // namespace sluice::test

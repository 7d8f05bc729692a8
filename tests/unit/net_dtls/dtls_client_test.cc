// SPDX-License-Identifier: Apache-2.0
// The client role against the server role, both ours.
#include <cstring>

#include "tests/unit/net_dtls/test_peer.h"

namespace sluice::test {
namespace {

/// `port` is the server at 192.0.2.1; `client` calls it from 192.0.2.2 over the same network.
class DtlsClientTest : public DtlsTest {
 protected:
  ~DtlsClientTest() override {
    on_shard([this] {
      network.forward = nullptr;
      client.reset();
    });
    // What was on its way comes to nobody.
    on_shard([] {});
  }

  void connect_networks() {
    network.forward = [this](const DatagramPath&, std::string datagram) { pass_on(client, server_path, datagram); };
    client_network.forward = [this](const DatagramPath&, std::string datagram) {
      pass_on(port, client_path, datagram);
    };
    auto its_context = context(by_key());
    on_shard([this, &its_context] {
      client = std::make_unique<DtlsPort>(shards.at(0), its_context);
      client_owner = std::make_unique<EchoOwner>(*client, false);
      client->start(client_network, *client_owner, client_owner.get());
    });
  }

  void pass_on(const std::unique_ptr<DtlsPort>& to, const DatagramPath& from, const std::string& datagram) {
    shards.at(0).post([&to, from, datagram] {
      if (to != nullptr) to->on_datagram({from, std::as_bytes(std::span(datagram)), false});
    });
  }

  static DtlsCredentialSettings sensor() {
    DtlsCredentialSettings settings;
    settings.psk_identity = "sensor";
    settings.psk_key = to_bytes("secret key of it");
    return settings;
  }
  static DtlsCredentialSettings by_authority() {
    DtlsCredentialSettings settings;
    settings.cacertfile = certificates() + "cacert.pem";
    return settings;
  }

  void call(DtlsCredentialSettings settings) {
    auto credentials = DtlsCredentials::create("test.client", std::move(settings));
    ASSERT_TRUE(credentials.has_value()) << credentials.error();
    on_shard([this, &credentials] { client->connect(server_path, *credentials); });
  }
  void say(const char* text) {
    on_shard([this, text] { client->send(server_path, std::as_bytes(std::span(text, std::strlen(text)))); });
  }

  const DatagramPath server_path = path_of(1);
  const DatagramPath client_path = path_of(2);
  FakePort client_network;
  std::unique_ptr<DtlsPort> client;
  std::unique_ptr<EchoOwner> client_owner;
};

TEST_F(DtlsClientTest, AKeyOpensAnAssociation) {
  listen(by_key());
  connect_networks();
  call(sensor());
  ASSERT_TRUE(client_owner->wait_for("opened 192.0.2.1:1000"));
  ASSERT_TRUE(owner->wait_for("opened 192.0.2.2:1000"));
  say("hello");
  EXPECT_TRUE(client_owner->wait_for("data 192.0.2.1:1000 hello"));
  say("again");
  EXPECT_TRUE(client_owner->wait_for("data 192.0.2.1:1000 again"));
  EXPECT_EQ(on_shard([this] { return port->identity(client_path)->psk_identity; }), "sensor");
  on_shard([this] { client->close(server_path); });
  EXPECT_TRUE(owner->wait_for("ended 192.0.2.2:1000"));
  EXPECT_EQ(client_owner->count("ended"), 0U);
}

TEST_F(DtlsClientTest, TheServersCloseEndsIt) {
  listen(by_key());
  connect_networks();
  call(sensor());
  ASSERT_TRUE(owner->wait_for("opened 192.0.2.2:1000"));
  on_shard([this] { port->close(client_path); });
  EXPECT_TRUE(client_owner->wait_for("ended 192.0.2.1:1000"));
}

TEST_F(DtlsClientTest, AnotherConnectTakesThePlaceOfTheFirst) {
  listen(by_key());
  connect_networks();
  call(sensor());
  ASSERT_TRUE(client_owner->wait_for("opened 192.0.2.1:1000"));
  call(sensor());
  ASSERT_TRUE(client_owner->wait_for("ended 192.0.2.1:1000"));
  ASSERT_TRUE(owner->wait_for("ended 192.0.2.2:1000"));
  say("hello");
  EXPECT_TRUE(client_owner->wait_for("data 192.0.2.1:1000 hello"));
}

TEST_F(DtlsClientTest, CertificatesOfBothSidesAreVerified) {
  listen(by_certificate(true));
  connect_networks();
  DtlsCredentialSettings settings = by_authority();
  settings.certfile = certificates() + "client-cert.pem";
  settings.keyfile = certificates() + "client-key.pem";
  settings.server_name = "localhost";
  call(settings);
  ASSERT_TRUE(client_owner->wait_for("opened 192.0.2.1:1000"));
  say("hello");
  EXPECT_TRUE(client_owner->wait_for("data 192.0.2.1:1000 hello"));
  EXPECT_EQ(on_shard([this] { return port->identity(client_path)->common_name; }), "client");
  EXPECT_EQ(on_shard([this] { return client->identity(server_path)->common_name; }), "localhost");
}

TEST_F(DtlsClientTest, AServerOfAnotherNameOrAuthorityIsRefused) {
  listen(by_certificate());
  connect_networks();
  DtlsCredentialSettings settings = by_authority();
  settings.server_name = "example.org";
  call(settings);
  EXPECT_TRUE(client_owner->wait_for("not connected 192.0.2.1:1000"));
  settings = by_authority();
  settings.cacertfile = certificates() + "other-cert.pem";
  call(settings);
  EXPECT_TRUE(eventually([this] { return client_owner->count("not connected") == 2; }));
  EXPECT_EQ(client_owner->count("opened") + owner->count("opened"), 0U);
  settings = by_authority();
  settings.server_name = "127.0.0.1";
  call(settings);
  EXPECT_TRUE(client_owner->wait_for("opened 192.0.2.1:1000")) << "an address of the certificate";
}

TEST_F(DtlsClientTest, WhoDoesNotAnswerIsGivenUp) {
  listen(by_key());
  connect_networks();
  DtlsSettings settings = by_key();
  settings.handshake_timeout = std::chrono::milliseconds(100);
  on_shard([this, its = context(settings)] { client->use(its); });
  client_network.forward = nullptr;
  call(sensor());
  EXPECT_TRUE(client_owner->wait_for("not connected 192.0.2.1:1000"));
}

TEST_F(DtlsClientTest, AnUnknownIdentityIsReported) {
  listen(by_key());
  connect_networks();
  DtlsCredentialSettings settings = sensor();
  settings.psk_identity = "nobody";
  call(settings);
  EXPECT_TRUE(client_owner->wait_for("not connected 192.0.2.1:1000"));
}

TEST_F(DtlsClientTest, LostFlightsAreSentAgain) {
  DtlsSettings settings = by_key();
  settings.retransmit_after = std::chrono::milliseconds(60);
  listen(settings);
  connect_networks();
  on_shard([this, its = context(settings)] { client->use(its); });
  std::map<std::size_t, int> seen;
  const auto loses_first = [&seen](std::string_view datagram) { return seen[datagram.size()]++ == 0; };
  network.loses = loses_first;
  client_network.loses = loses_first;
  call(sensor());
  EXPECT_TRUE(client_owner->wait_for("opened 192.0.2.1:1000"));
}

TEST(DtlsCredentials, NameKeyFileAndReason) {
  const auto problem = [](DtlsCredentialSettings settings) {
    auto made = DtlsCredentials::create("lwm2m.x", std::move(settings));
    return made.has_value() ? std::string() : made.error();
  };
  DtlsCredentialSettings settings;
  EXPECT_TRUE(problem(settings).starts_with("lwm2m.x.cacertfile: cannot use : no file is given"));
  settings.psk_identity = "sensor";
  EXPECT_TRUE(problem(settings).starts_with("lwm2m.x.psk_key: "));
  settings.psk_key = to_bytes("k");
  EXPECT_EQ(problem(settings), "");
  settings.ciphers = "NO-SUCH";
  EXPECT_TRUE(problem(settings).starts_with("lwm2m.x.ciphers: none of these is known: NO-SUCH: "));
}

}  // namespace
}  // namespace sluice::test

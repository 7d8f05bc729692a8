// SPDX-License-Identifier: Apache-2.0
// The `openssl` program as client and as server, over real sockets.
#include "shared/net/udp/udp_listener.h"
#include "tests/support/program.h"
#include "tests/unit/net_dtls/dtls_fixture.h"

namespace sluice::test {
namespace {

class DtlsProgramTest : public DtlsTest {
 protected:
  ~DtlsProgramTest() override {
    if (listener) listener->stop();
  }

  void listen_on_socket(DtlsSettings settings, const std::string& address = "127.0.0.1:0") {
    UdpSettings udp;
    udp.name = "test:dtls:1";
    udp.key = "test.bind.dtls.1";
    udp.address = address;
    auto opened = UdpListener::open(shards, udp);
    ASSERT_TRUE(opened.has_value()) << opened.error();
    listener = std::move(*opened);
    auto its_context = context(std::move(settings));
    listener->start([&](Shard& shard) -> DatagramEvents& {
      port = std::make_unique<DtlsPort>(shard, its_context);
      owner = std::make_unique<EchoOwner>(*port);
      port->start(listener->on(shard), *owner, owner.get());
      return *port;
    });
    on_shard([] {});
  }

  [[nodiscard]] std::string client(const std::string& options) const {
    return "openssl s_client -quiet -dtls1_2 -connect " + listener->bound().to_string() + " " + options;
  }

  std::unique_ptr<UdpListener> listener;
};

constexpr const char* kKey = "-psk_identity sensor -psk 736563726574206b6579206f66206974";

TEST_F(DtlsProgramTest, TheClientSpeaksWithAKey) {
  for (const char* cipher : {"PSK-AES128-CCM8", "PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA256"}) {
    listen_on_socket(by_key());
    Program program(client(std::string(kKey) + " -cipher " + cipher));
    program.say("hello\n");
    EXPECT_TRUE(program.prints("hello\n")) << program.printed();
    program.say("again\n");
    EXPECT_TRUE(program.prints("again\n")) << program.printed();
    program.say("Q\n");
    listener->stop();
  }
}

TEST_F(DtlsProgramTest, TheClientShowsItsCertificate) {
  DtlsSettings settings = by_certificate(true);
  settings.crlfile = certificates() + "crl.pem";
  listen_on_socket(settings);
  const std::string folder = certificates();
  Program program(client("-verify_return_error -CAfile " + folder + "cacert.pem -cert " + folder +
                         "client-cert.pem -key " + folder + "client-key.pem"));
  program.say("hello\n");
  EXPECT_TRUE(program.prints("hello\n")) << program.printed();
}

TEST_F(DtlsProgramTest, TheClientsQuitEndsTheAssociation) {
  listen_on_socket(by_key());
  Program program("openssl s_client -dtls1_2 -connect " + listener->bound().to_string() + " " + kKey);
  ASSERT_TRUE(program.prints("Verify return code")) << program.printed();
  program.say("Q\n");
  EXPECT_TRUE(eventually([this] { return owner->count("ended") == 1; }));
}

TEST_F(DtlsProgramTest, ManyClientsAtOnce) {
  listen_on_socket(by_key());
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 0; i < 8; ++i) programs.push_back(std::make_unique<Program>(client(kKey)));
  for (const auto& program : programs) program->say("hello\n");
  for (const auto& program : programs) EXPECT_TRUE(program->prints("hello\n")) << program->printed();
  EXPECT_EQ(associations(), 8U);
}

class DtlsProgramServerTest : public DtlsProgramTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Suites, DtlsProgramServerTest,
                         ::testing::Values("PSK-AES128-CCM8", "PSK-AES256-GCM-SHA384", "PSK-AES128-CBC-SHA256",
                                           "ECDHE-ECDSA-AES128-CCM8"),
                         [](const auto& suite) {
                           std::string name = suite.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(DtlsProgramServerTest, TheServerAcceptsOurConnect) {
  const std::uint16_t its_port = free_port();
  const std::string cipher = GetParam();
  const bool by_psk = cipher.starts_with("PSK");
  const std::string folder = certificates();
  Program server("openssl s_server -dtls1_2 -listen -accept 127.0.0.1:" + std::to_string(its_port) + " -cipher " +
                 cipher +
                 (by_psk ? " -nocert -psk_identity sensor -psk 736563726574206b6579206f66206974"
                         : " -cert " + folder + "cert.pem -key " + folder + "key.pem"));
  ASSERT_TRUE(server.prints("ACCEPT")) << server.printed();
  listen_on_socket(by_key());
  DtlsCredentialSettings settings;
  if (by_psk) {
    settings.psk_identity = "sensor";
    settings.psk_key = to_bytes("secret key of it");
  } else {
    settings.cacertfile = folder + "cacert.pem";
    settings.server_name = "localhost";
  }
  settings.ciphers = cipher;
  const auto credentials = DtlsCredentials::create("test.client", settings);
  ASSERT_TRUE(credentials.has_value()) << credentials.error();
  DatagramPath path;
  path.remote = SocketAddress::parse("127.0.0.1:" + std::to_string(its_port)).value();
  on_shard([&] { port->connect(path, *credentials); });
  ASSERT_TRUE(owner->wait_for("opened " + path.remote.to_string())) << server.printed();
  send(path, "from us\n");
  EXPECT_TRUE(server.prints("from us\n")) << server.printed();
  server.say("from the server\n");
  EXPECT_TRUE(owner->wait_for("data " + path.remote.to_string() + " from the server\n"));
  send(path, "once more\n");
  EXPECT_TRUE(server.prints("once more\n")) << server.printed();
  server.say("again\n");
  EXPECT_TRUE(owner->wait_for("data " + path.remote.to_string() + " again\n"));
  on_shard([&] { port->close(path); });
  EXPECT_TRUE(server.prints("DONE")) << server.printed();
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tls_context.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>

#include "tests/unit/net/net_fixture.h"

namespace sluice::test {
namespace {

TlsSettings good() {
  TlsSettings settings;
  settings.certfile = certificates() + "cert.pem";
  settings.keyfile = certificates() + "key.pem";
  return settings;
}

std::string problem(TlsSettings settings) {
  auto context = TlsContext::create("listener.ssl.x", std::move(settings));
  return context ? "" : context.error();
}

std::string file_with(const char* name, const char* text) {
  std::string path = certificates() + name;
  std::ofstream(path) << text;
  return path;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(TlsContext, TakesTheDevelopmentCertificates) { EXPECT_EQ(problem(good()), ""); }

TEST(TlsContext, NamesKeyFileAndReason) {
  TlsSettings settings = good();
  settings.certfile = "/nowhere/cert.pem";
  EXPECT_EQ(problem(settings), "listener.ssl.x.certfile: cannot use /nowhere/cert.pem: No such file or directory");
  settings = good();
  settings.keyfile = "/nowhere/key.pem";
  EXPECT_EQ(problem(settings), "listener.ssl.x.keyfile: cannot use /nowhere/key.pem: No such file or directory");
  settings = good();
  settings.keyfile.clear();
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.keyfile: ")) << problem(settings);
}

TEST(TlsContext, TellsAKeyOfAnotherCertificate) {
  TlsSettings settings = good();
  settings.keyfile = certificates() + "client-key.pem";
  EXPECT_EQ(problem(settings), "listener.ssl.x.keyfile: cannot use " + settings.keyfile +
                                   ": it is not the key of the certificate in " + settings.certfile);
}

TEST(TlsContext, TellsAKeyOfAnotherAlgorithm) {
  TlsSettings settings = good();
  settings.keyfile = certificates() + "rsa-key.pem";
  const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(EVP_RSA_gen(2048), ::EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&::BIO_free)> file(::BIO_new_file(settings.keyfile.c_str(), "w"), ::BIO_free);
  ASSERT_EQ(::PEM_write_bio_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  ASSERT_EQ(BIO_flush(file.get()), 1);
  EXPECT_EQ(problem(settings), "listener.ssl.x.keyfile: cannot use " + settings.keyfile +
                                   ": it is not the key of the certificate in " + settings.certfile);
}

TEST(TlsContext, TellsWhatIsNoPem) {
  const std::string junk = file_with("junk.pem", "this is no certificate\n");
  TlsSettings settings = good();
  settings.certfile = junk;
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.certfile: cannot use " + junk)) << problem(settings);
  settings = good();
  settings.keyfile = junk;
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.keyfile: cannot use " + junk)) << problem(settings);
  settings = good();
  settings.verify_peer = true;
  settings.cacertfile = junk;
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.cacertfile: cannot use " + junk)) << problem(settings);
  settings = good();
  settings.dhfile = junk;
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.dhfile: cannot use " + junk)) << problem(settings);
}

TEST(TlsContext, AProtectedKeyFailsInsteadOfAsking) {
  const std::string path = certificates() + "locked.pem";
  const std::string command = "openssl pkey -in " + certificates() + "key.pem -aes256 -passout pass:x -out " + path;
  ASSERT_EQ(std::system(command.c_str()), 0);
  TlsSettings settings = good();
  settings.keyfile = path;
  EXPECT_TRUE(holds(problem(settings), "no usable PEM key without a passphrase")) << problem(settings);
}

TEST(TlsContext, VerifyPeerNeedsAuthorities) {
  TlsSettings settings = good();
  settings.verify_peer = true;
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.cacertfile: ")) << problem(settings);
}

TEST(TlsContext, OldVersionsAreNotOffered) {
  TlsSettings settings = good();
  settings.tls_versions = "tlsv1.2,tlsv1.1,tlsv1";
  auto context = TlsContext::create("listener.ssl.x", settings);
  ASSERT_TRUE(context.has_value());
  const SslPtr ssl = (*context)->accept_on(0);
  EXPECT_EQ(::SSL_get_min_proto_version(ssl.get()), TLS1_2_VERSION);
  EXPECT_EQ(::SSL_get_max_proto_version(ssl.get()), TLS1_2_VERSION);
}

TEST(TlsContext, VersionsAreThoseNamed) {
  using Range = std::pair<long, long>;
  const auto range = [](const char* versions) {
    TlsSettings settings = good();
    settings.tls_versions = versions;
    const auto context = TlsContext::create("listener.ssl.x", settings);
    const SslPtr ssl = (*context)->accept_on(0);
    return Range(::SSL_get_min_proto_version(ssl.get()), ::SSL_get_max_proto_version(ssl.get()));
  };
  EXPECT_EQ(range(""), Range(TLS1_2_VERSION, TLS1_3_VERSION));
  EXPECT_EQ(range("tlsv1.3"), Range(TLS1_3_VERSION, TLS1_3_VERSION));
  EXPECT_EQ(range("tlsv1.3, tlsv1.2"), Range(TLS1_2_VERSION, TLS1_3_VERSION));
  EXPECT_EQ(range("tlsv1"), Range(TLS1_2_VERSION, TLS1_2_VERSION));
  TlsSettings settings = good();
  settings.tls_versions = "tlsv2";
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.tls_versions: tlsv2"));
}

TEST(TlsContext, TakesTheManualsCiphersWithCommas) {
  TlsSettings settings = good();
  settings.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384,ECDHE-ECDSA-DES-CBC3-SHA,ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_EQ(problem(settings), "");
  settings.ciphers = "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_EQ(problem(settings), "");
  settings.ciphers = "NO-SUCH-CIPHER";
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.ciphers: none of these is known: NO-SUCH-CIPHER"));
  settings.ciphers = "TLS_NO_SUCH_SUITE";
  EXPECT_TRUE(holds(problem(settings), "listener.ssl.x.ciphers: TLS_NO_SUCH_SUITE"));
}

TEST(TlsContext, PskNeedsNoCertificate) {
  TlsSettings settings;
  settings.psk_key = [](std::string_view) { return std::vector<std::byte>(); };
  EXPECT_EQ(problem(settings), "");
}

}  // namespace
}  // namespace sluice::test

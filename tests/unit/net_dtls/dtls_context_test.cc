// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_context.h"

#include <openssl/ssl.h>

#include "tests/unit/net_dtls/dtls_fixture.h"

namespace sluice::test {
namespace {

DtlsSettings good() {
  DtlsSettings settings;
  settings.certfile = certificates() + "cert.pem";
  settings.keyfile = certificates() + "key.pem";
  return settings;
}

std::string problem(DtlsSettings settings) {
  const auto context = DtlsContext::create("coap.bind.dtls.1", std::move(settings));
  return context.has_value() ? std::string() : context.error();
}

TEST(DtlsContext, OffersNothingButDtls12) {
  const auto context = DtlsContext::create("coap.bind.dtls.1", good());
  ASSERT_TRUE(context.has_value()) << context.error();
  const SslPtr ssl = (*context)->accept();
  EXPECT_EQ(::SSL_get_min_proto_version(ssl.get()), DTLS1_2_VERSION);
  EXPECT_EQ(::SSL_get_max_proto_version(ssl.get()), DTLS1_2_VERSION);
}

TEST(DtlsContext, PskNeedsNoCertificate) {
  DtlsSettings settings;
  settings.psk_key = [](std::string_view) { return std::vector<std::byte>(); };
  EXPECT_EQ(problem(settings), "");
  settings.psk_identity_hint = std::string(257, 'x');
  EXPECT_TRUE(problem(settings).starts_with("coap.bind.dtls.1.psk_identity_hint: longer than "));
}

TEST(DtlsContext, NamesKeyFileAndReason) {
  DtlsSettings settings;
  EXPECT_EQ(problem(settings), "coap.bind.dtls.1.certfile: cannot use : no file is given");
  settings = good();
  settings.keyfile = "/nowhere/key.pem";
  EXPECT_EQ(problem(settings), "coap.bind.dtls.1.keyfile: cannot use /nowhere/key.pem: No such file or directory");
  settings = good();
  settings.verify_peer = true;
  EXPECT_EQ(problem(settings), "coap.bind.dtls.1.cacertfile: cannot use : no file is given (verify_peer needs it)");
  settings.cacertfile = certificates() + "cacert.pem";
  settings.crlfile = certificates() + "cert.pem";
  EXPECT_TRUE(problem(settings).starts_with("coap.bind.dtls.1.crlfile: cannot use " + settings.crlfile +
                                            ": no usable PEM revocation list: "))
      << problem(settings);
  settings.crlfile = "/nowhere/crl.pem";
  EXPECT_EQ(problem(settings), "coap.bind.dtls.1.crlfile: cannot use /nowhere/crl.pem: No such file or directory");
  settings.crlfile = certificates() + "crl.pem";
  EXPECT_EQ(problem(settings), "");
}

TEST(DtlsContext, RefusesUnknownCiphersAndImpossibleSizes) {
  DtlsSettings settings = good();
  settings.ciphers = "NO-SUCH-CIPHER";
  EXPECT_TRUE(problem(settings).starts_with("coap.bind.dtls.1.ciphers: none of these is known: NO-SUCH-CIPHER: "));
  settings.ciphers = "ECDHE-ECDSA-AES128-CCM8,ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_EQ(problem(settings), "");
  for (const std::size_t mtu : {0U, 255U, 16'385U}) {
    settings = good();
    settings.mtu = mtu;
    EXPECT_EQ(problem(settings),
              "coap.bind.dtls.1.mtu: " + std::to_string(mtu) + " is not between 256 and 16384 bytes");
  }
}

}  // namespace
}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_context.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "shared/net/dtls/dtls_wire.h"
#include "shared/net/tls_error.h"
#include "shared/net/tls_files.h"
#include "shared/net/tls_psk.h"

namespace sluice {
namespace {

constexpr long kSessionsCached = 16'384;
/// Of a peer's certificates. OpenSSL reserves memory for a handshake message of which one fragment has come.
constexpr long kMostCertificateBytes = 16'384;
constexpr unsigned char kSessionContext[] = {'s', 'l', 'u', 'i', 'c', 'e'};

/// A key comes before a certificate, as under TLS. CCM_8 is what RFC 7925 and LwM2M require; OpenSSL 3.0 counts it as
/// 128 bits, so that it needs no lower security level (3.2 counts 64). CBC only with a key: LwM2M 1.0 asks for it.
constexpr const char* kCiphers =
    "ECDHE-PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256:PSK-AES256-GCM-SHA384:PSK-CHACHA20-POLY1305:PSK-AES128-CCM:"
    "PSK-AES128-CCM8:PSK-AES256-CCM:PSK-AES256-CCM8:ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-CBC-SHA256:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES256-CCM:ECDHE-ECDSA-AES256-CCM8:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

// The cookie was checked before there was an SSL; OpenSSL asks twice more.
int accept_cookie(SSL*, const unsigned char*, unsigned int) { return 1; }
int refuse_to_make_cookie(SSL*, unsigned char*, unsigned int*) { return 0; }

}  // namespace

std::string prepare_dtls(ssl_ctx_st* context, const std::string& key, const std::string& ciphers) {
  ::SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
  ::SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION);
  // With encrypt-then-MAC OpenSSL 3.0 ends an association for a forged record instead of dropping it.
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                     SSL_OP_NO_QUERY_MTU | SSL_OP_NO_ENCRYPT_THEN_MAC |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
  ::SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_max_cert_list(context, kMostCertificateBytes);
  watch_dtls(context);
  const std::string wanted = ciphers.empty() ? kCiphers : ciphers;
  if (::SSL_CTX_set_cipher_list(context, wanted.c_str()) == 1) return {};
  return key + ".ciphers: none of these is known: " + wanted + ": " + take_tls_reason();
}

Explained<std::shared_ptr<const DtlsContext>> DtlsContext::create(std::string key, DtlsSettings settings) {
  std::shared_ptr<DtlsContext> context(new DtlsContext(std::move(key), std::move(settings)));
  if (std::string problem = context->build(); !problem.empty()) return problem;
  return std::shared_ptr<const DtlsContext>(std::move(context));
}

DtlsContext::DtlsContext(std::string key, DtlsSettings settings)
    : key_(std::move(key)), settings_(std::move(settings)) {}

SslPtr DtlsContext::accept() const {
  SslPtr ssl(::SSL_new(context_.get()));
  if (ssl != nullptr) ::SSL_set_accept_state(ssl.get());
  return ssl;
}

bool DtlsContext::knows(const TlsIdentity& identity) const {
  if (identity.psk_identity.empty()) return true;
  if (!settings_.psk_key) return false;
  std::vector<std::byte> found = settings_.psk_key(identity.psk_identity);
  ::OPENSSL_cleanse(found.data(), found.size());
  return !found.empty();
}

std::string DtlsContext::build() {
  if (settings_.mtu < DtlsSettings::kLeastMtu || settings_.mtu > SSL3_RT_MAX_PLAIN_LENGTH) {
    return key_ + ".mtu: " + std::to_string(settings_.mtu) + " is not between 256 and 16384 bytes";
  }
  context_.reset(::SSL_CTX_new(::DTLS_server_method()));
  if (context_ == nullptr) return key_ + ": no DTLS: " + take_tls_reason();
  SSL_CTX* const context = context_.get();
  if (std::string problem = prepare_dtls(context, key_, settings_.ciphers); !problem.empty()) return problem;
  ::SSL_CTX_set_cookie_verify_cb(context, accept_cookie);
  ::SSL_CTX_set_cookie_generate_cb(context, refuse_to_make_cookie);
  if (settings_.psk_key) enable_psk(context, settings_.psk_key);
  const std::string& hint = settings_.psk_identity_hint;
  if (!hint.empty() && ::SSL_CTX_use_psk_identity_hint(context, hint.c_str()) != 1) {
    return key_ + ".psk_identity_hint: longer than " + std::to_string(PSK_MAX_IDENTITY_LEN) + " bytes";
  }
  set_resumption();
  return load_files();
}

std::string DtlsContext::load_files() {
  SSL_CTX* const context = context_.get();
  std::string problem;
  if (!settings_.certfile.empty() || !settings_.psk_key) {
    problem = load_certificate(context, key_, settings_.certfile, settings_.keyfile);
  }
  if (!problem.empty() || !settings_.verify_peer) return problem;
  problem = load_authorities(context, key_, settings_.cacertfile);
  if (problem.empty() && !settings_.crlfile.empty()) problem = load_revocations(context, key_, settings_.crlfile);
  const int mode = SSL_VERIFY_PEER | (settings_.fail_if_no_peer_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
  ::SSL_CTX_set_verify(context, mode, nullptr);
  return problem;
}

void DtlsContext::set_resumption() {
  SSL_CTX* const context = context_.get();
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  ::SSL_CTX_sess_set_cache_size(context, kSessionsCached);
  ::SSL_CTX_set_timeout(context, std::max<long>(1, settings_.session_timeout.count()));
  ::SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext);
}

}  // namespace sluice

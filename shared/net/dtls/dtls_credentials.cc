// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_credentials.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "shared/net/dtls/dtls_context.h"
#include "shared/net/tls_error.h"
#include "shared/net/tls_files.h"

namespace sluice {
namespace {

constexpr const char* kKeyCiphers = "PSK:!kDHEPSK:!kRSAPSK:!SHA1:!ARIA:!CAMELLIA:!eNULL";

/// Where an SSL_CTX keeps its settings.
int settings_slot() {
  static const int slot = ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

unsigned int give_key(SSL* ssl, const char*, char* identity, unsigned int identity_room, unsigned char* key,
                      unsigned int room) {
  const auto* const settings =
      static_cast<const DtlsCredentialSettings*>(::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(ssl), settings_slot()));
  if (settings == nullptr) return 0;
  const std::string& name = settings->psk_identity;
  if (name.size() >= identity_room || settings->psk_key.size() > room) return 0;
  *std::copy(name.begin(), name.end(), identity) = '\0';
  std::transform(settings->psk_key.begin(), settings->psk_key.end(), key,
                 [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
  return static_cast<unsigned int>(settings->psk_key.size());
}

}  // namespace

Explained<std::shared_ptr<const DtlsCredentials>> DtlsCredentials::create(std::string key,
                                                                          DtlsCredentialSettings settings) {
  std::shared_ptr<DtlsCredentials> credentials(new DtlsCredentials(std::move(key), std::move(settings)));
  if (std::string problem = credentials->build(); !problem.empty()) return problem;
  return std::shared_ptr<const DtlsCredentials>(std::move(credentials));
}

DtlsCredentials::DtlsCredentials(std::string key, DtlsCredentialSettings settings)
    : key_(std::move(key)), settings_(std::move(settings)) {}

DtlsCredentials::~DtlsCredentials() { ::OPENSSL_cleanse(settings_.psk_key.data(), settings_.psk_key.size()); }

SslPtr DtlsCredentials::connect() const {
  SslPtr ssl(::SSL_new(context_.get()));
  if (ssl == nullptr) return nullptr;
  ::SSL_set_connect_state(ssl.get());
  const std::string& name = settings_.server_name;
  if (name.empty()) return ssl;
  // An address is no name for SNI [RFC 6066 3].
  if (::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl.get()), name.c_str()) == 1) return ssl;
  // The macro for it casts in C's way.
  if (::SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str())) !=
      1) {
    return nullptr;
  }
  return ::SSL_set1_host(ssl.get(), name.c_str()) == 1 ? std::move(ssl) : nullptr;
}

std::string DtlsCredentials::build() {
  context_.reset(::SSL_CTX_new(::DTLS_client_method()));
  if (context_ == nullptr) return key_ + ": no DTLS: " + take_tls_reason();
  SSL_CTX* const context = context_.get();
  const bool by_key = !settings_.psk_identity.empty();
  // Without an authority only suites of the key are offered: no certificate could be trusted.
  const bool key_only = by_key && settings_.cacertfile.empty() && settings_.ciphers.empty();
  std::string problem = prepare_dtls(context, key_, key_only ? kKeyCiphers : settings_.ciphers);
  if (!problem.empty()) return problem;
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!by_key) return load_files();
  if (settings_.psk_key.empty() || settings_.psk_key.size() > PSK_MAX_PSK_LEN) {
    return key_ + ".psk_key: has no byte, or more than " + std::to_string(PSK_MAX_PSK_LEN);
  }
  ::SSL_CTX_set_ex_data(context, settings_slot(), &settings_);
  ::SSL_CTX_set_psk_client_callback(context, give_key);
  return settings_.cacertfile.empty() ? std::string() : load_files();
}

std::string DtlsCredentials::load_files() {
  SSL_CTX* const context = context_.get();
  std::string problem = load_authorities(context, key_, settings_.cacertfile);
  if (problem.empty() && !settings_.crlfile.empty()) problem = load_revocations(context, key_, settings_.crlfile);
  if (problem.empty() && !settings_.certfile.empty()) {
    problem = load_certificate(context, key_, settings_.certfile, settings_.keyfile);
  }
  return problem;
}

}  // namespace sluice

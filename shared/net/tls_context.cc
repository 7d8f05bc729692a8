// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tls_context.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <mutex>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "shared/config/check.h"
#include "shared/net/tls_error.h"
#include "shared/net/tls_files.h"
#include "shared/net/tls_psk.h"

namespace sluice {
namespace {

constexpr long kSessionsCached = 1024;  ///< of TLS 1.2 clients that know no tickets
constexpr long kSessionSeconds = 2 * 60 * 60;
/// A client with a key proves itself by it, although it would take our certificate too.
constexpr const char* kPskFirst = "kECDHEPSK:kDHEPSK:kPSK:DEFAULT:!eNULL";
/// In TLS 1.3 a key goes with a suite of its hash, SHA-256 [RFC 8446 4.2.11]; a suite of another hash would end in the
/// certificate.
constexpr const char* kPskSuitesFirst = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr unsigned char kSessionContext[] = {'s', 'l', 'u', 'i', 'c', 'e'};

struct BioFree {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : ":") + part;
  return joined;
}

}  // namespace

void SslCtxFree::operator()(ssl_ctx_st* context) const { ::SSL_CTX_free(context); }

Explained<std::shared_ptr<TlsContext>> TlsContext::create(std::string key, TlsSettings settings) {
  static std::once_flag once;
  std::call_once(once, [] { std::signal(SIGPIPE, SIG_IGN); });
  std::shared_ptr<TlsContext> context(new TlsContext(std::move(key), std::move(settings)));
  if (std::string problem = context->build(); !problem.empty()) return problem;
  return context;
}

TlsContext::TlsContext(std::string key, TlsSettings settings) : key_(std::move(key)), settings_(std::move(settings)) {}

TlsContext::~TlsContext() = default;

SslPtr TlsContext::accept_on(int fd) const {
  SslPtr ssl(::SSL_new(context_.get()));
  if (ssl == nullptr || ::SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  ::SSL_set_accept_state(ssl.get());
  return ssl;
}

std::string TlsContext::build() {
  context_.reset(::SSL_CTX_new(::TLS_server_method()));
  if (context_ == nullptr) return key_ + ": no TLS: " + take_tls_reason();
  SSL_CTX* const context = context_.get();
  ::SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // MQTT and its like end by themselves: a peer that goes without close_notify has just gone.
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (settings_.honor_cipher_order || settings_.psk_key)
    ::SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  ::SSL_CTX_set_read_ahead(context, 1);
  if (settings_.psk_key) enable_psk(context, settings_.psk_key);
  set_resumption();
  using Part = std::string (TlsContext::*)();
  static constexpr std::array<Part, 5> kParts{&TlsContext::set_versions, &TlsContext::set_ciphers,
                                              &TlsContext::load_certificate, &TlsContext::load_client_authorities,
                                              &TlsContext::load_dh};
  for (const Part part : kParts) {
    if (std::string problem = (this->*part)(); !problem.empty()) return problem;
  }
  return {};
}

std::string TlsContext::set_versions() {
  bool has12 = settings_.tls_versions.empty();
  bool has13 = has12;
  for (std::string name : split(settings_.tls_versions, ", ")) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name == "tlsv1.3") {
      has13 = true;
    } else if (name == "tlsv1.2") {
      has12 = true;
    } else if (broken_tls_versions(name).empty()) {
      return key_ + ".tls_versions: " + name + " is no TLS version; known are tlsv1.3 and tlsv1.2";
    }
  }
  if (!has13) has12 = true;
  ::SSL_CTX_set_min_proto_version(context_.get(), has12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  ::SSL_CTX_set_max_proto_version(context_.get(), has13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  return {};
}

std::string TlsContext::set_ciphers() {
  std::vector<std::string> suites;  // TLS 1.3's have a list of their own
  std::vector<std::string> ciphers;
  for (const std::string& name : split(settings_.ciphers, ",: ")) {
    (name.starts_with("TLS_") ? suites : ciphers).push_back(name);
  }
  if (suites.empty() && settings_.psk_key) suites.emplace_back(kPskSuitesFirst);
  if (!suites.empty() && ::SSL_CTX_set_ciphersuites(context_.get(), join(suites).c_str()) != 1) {
    return key_ + ".ciphers: " + join(suites) + ": " + take_tls_reason();
  }
  if (ciphers.empty() && settings_.psk_key) ciphers.emplace_back(kPskFirst);
  if (!ciphers.empty() && ::SSL_CTX_set_cipher_list(context_.get(), join(ciphers).c_str()) != 1) {
    return key_ + ".ciphers: none of these is known: " + join(ciphers) + ": " + take_tls_reason();
  }
  return {};
}

std::string TlsContext::load_certificate() {
  if (settings_.certfile.empty() && settings_.psk_key) return {};
  return sluice::load_certificate(context_.get(), key_, settings_.certfile, settings_.keyfile);
}

std::string TlsContext::load_client_authorities() {
  if (!settings_.verify_peer) return {};
  if (std::string problem = load_authorities(context_.get(), key_, settings_.cacertfile); !problem.empty()) {
    return problem;
  }
  const int mode = SSL_VERIFY_PEER | (settings_.fail_if_no_peer_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
  ::SSL_CTX_set_verify(context_.get(), mode, nullptr);
  return {};
}

std::string TlsContext::load_dh() {
  if (settings_.dhfile.empty()) {
    ::SSL_CTX_set_dh_auto(context_.get(), 1);
    return {};
  }
  if (std::string why = why_unreadable(settings_.dhfile); !why.empty()) {
    return file_complaint(key_ + ".dhfile", settings_.dhfile, why);
  }
  const std::unique_ptr<BIO, BioFree> file(::BIO_new_file(settings_.dhfile.c_str(), "r"));
  EVP_PKEY* const parameters = file != nullptr ? ::PEM_read_bio_Parameters(file.get(), nullptr) : nullptr;
  if (parameters == nullptr || ::SSL_CTX_set0_tmp_dh_pkey(context_.get(), parameters) != 1) {
    ::EVP_PKEY_free(parameters);
    return file_complaint(key_ + ".dhfile", settings_.dhfile, "no usable PEM DH parameters: " + take_tls_reason());
  }
  return {};
}

void TlsContext::set_resumption() {
  SSL_CTX* const context = context_.get();
  if (!settings_.reuse_sessions) {
    ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    ::SSL_CTX_set_num_tickets(context, 0);
    return;
  }
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  ::SSL_CTX_sess_set_cache_size(context, kSessionsCached);
  ::SSL_CTX_set_timeout(context, kSessionSeconds);
  ::SSL_CTX_set_num_tickets(context, 1);
  ::SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext);
}

}  // namespace sluice

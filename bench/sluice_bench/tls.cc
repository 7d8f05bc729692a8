// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/tls.h"

#include <array>
#include <stdexcept>

#include <openssl/err.h>

namespace sluice::bench {
namespace {

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what + ": " + take_tls_error());
}

int protocol_number(const std::string& version) {
  if (version == "1.2") return TLS1_2_VERSION;
  if (version == "1.3") return TLS1_3_VERSION;
  throw std::runtime_error("TLS version " + version + " is neither 1.2 nor 1.3");
}

}  // namespace

TlsContext make_tls_context(const TlsSettings& settings) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  require(context != nullptr, "TLS context");
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!settings.version.empty()) {
    const int number = protocol_number(settings.version);
    require(SSL_CTX_set_min_proto_version(context.get(), number) == 1, "TLS version");
    require(SSL_CTX_set_max_proto_version(context.get(), number) == 1, "TLS version");
  }
  if (!settings.ca_file.empty()) {
    require(SSL_CTX_load_verify_locations(context.get(), settings.ca_file.c_str(), nullptr) == 1, settings.ca_file);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (!settings.certificate.empty()) {
    require(SSL_CTX_use_certificate_chain_file(context.get(), settings.certificate.c_str()) == 1, settings.certificate);
    require(SSL_CTX_use_PrivateKey_file(context.get(), settings.key.c_str(), SSL_FILETYPE_PEM) == 1, settings.key);
  }
  return context;
}

std::string take_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the peer closed the connection";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace sluice::bench

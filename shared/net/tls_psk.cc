// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tls_psk.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "shared/log/log.h"
#include "shared/log/loggable.h"
#include "shared/net/net_probe.h"

namespace sluice {
namespace {

void free_identity(void*, void* identity, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::string*>(identity);
}

/// Where an SSL keeps the identity that was offered and found.
int identity_slot() {
  static const int slot = ::SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_identity);
  return slot;
}

/// Where an SSL_CTX keeps who knows the keys.
int lookup_slot() {
  static const int slot = ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

void remember_identity(SSL* ssl, std::string_view identity) {
  delete static_cast<std::string*>(::SSL_get_ex_data(ssl, identity_slot()));
  ::SSL_set_ex_data(ssl, identity_slot(), new std::string(identity));
}

/// Forgotten session tickets are asked for too: they are no text, and nobody's key.
void note_unknown(std::string_view identity) {
  const bool text =
      std::all_of(identity.begin(), identity.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
  if (!text) return;
  net_probe().psk_unknown.add();
  static log::RateLimit limit(1);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("net").info("unknown pre-shared key: identity={}; psk.file has none of this name ({} like this not shown)",
                       log::loggable(identity), hushed);
}

unsigned int find_key(SSL* ssl, const char* identity, unsigned char* key, unsigned int room) {
  const auto* const lookup =
      static_cast<const PskLookup*>(::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(ssl), lookup_slot()));
  if (identity == nullptr || lookup == nullptr) return 0;
  std::vector<std::byte> found = (*lookup)(identity);
  if (found.empty()) note_unknown(identity);
  const bool fits = !found.empty() && found.size() <= room;
  if (fits) {
    std::transform(found.begin(), found.end(), key,
                   [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
    remember_identity(ssl, identity);
    // A TLS 1.3 ticket would resume the session without the identity.
    ::SSL_set_num_tickets(ssl, 0);
  }
  ::OPENSSL_cleanse(found.data(), found.size());
  return fits ? static_cast<unsigned int>(found.size()) : 0;
}

}  // namespace

void enable_psk(ssl_ctx_st* context, const PskLookup& lookup) {
  static_cast<void>(identity_slot());
  ::SSL_CTX_set_ex_data(context, lookup_slot(), const_cast<PskLookup*>(&lookup));
  ::SSL_CTX_set_psk_server_callback(context, find_key);
}

std::string psk_identity_of(const ssl_st* ssl) {
  const auto* const offered = static_cast<const std::string*>(::SSL_get_ex_data(ssl, identity_slot()));
  if (offered != nullptr) return *offered;
  // TLS 1.2 resumes a session with the identity in it.
  const char* const resumed = ::SSL_get_psk_identity(ssl);
  return resumed != nullptr ? resumed : "";
}

}  // namespace sluice
